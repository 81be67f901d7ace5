import { PASSWORD_SPECIALS } from '#schemas/passwords.js';
import type { Random } from './random.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const MORE_LETTERS = [...'äßéø中文日本語ไทยעברית🙂👩‍🚀 _-.,\'"%&<>'];

/** Texts that often break programs. */
export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\t\n\r',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '\ufeff',
  '\u202egnp.exe',
  '🙂'.repeat(60),
  'e\u0301'.repeat(40),
  '../../etc/passwd',
  "' or 1=1 --",
  '%',
  '\\',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e400',
  'NaN',
  '__proto__',
  'constructor',
  '[object Object]',
  '"*"',
  'W/"1"',
  'eyJhIjoxfQ',
  'MQ==',
  'a'.repeat(300),
];

/** Names whose letters fold, compose or look like others, and what may be mistaken for a rule. */
const SPELLINGS: readonly string[] = [
  'admİn',
  'ADMIN',
  'ɪvy',
  'İvy',
  'ıvy',
  'café',
  'cafe\u0301',
  'ΟΔΟΣ',
  'οδος',
  'οδοσ',
  'Straße',
  'STRASSE',
  'ſtraße',
  '\u212Aelvin',
  'kelvin',
  '\u212Bngström',
  'ǅ',
  'ﬁle',
  'ｆｉｌｅ',
  'a\u0345\u0301',
  'data-2',
  'data',
  'x@faß.de',
  'x@xn--fa-hia.de',
  'Password1!',
  'users:write',
  'backslash\\A1',
];

/** Returns another spelling of a name, which may be the same name or not. */
export function respelled(name: string, random: Random): string {
  return random.pick<() => string>([
    () => name.toUpperCase(),
    () => name.toLowerCase(),
    () => name.normalize('NFD'),
    () => name.normalize('NFKC'),
    () => name.replace(/i/i, 'İ'),
    () => name.replace(/k/i, '\u212A'),
    () => name.replace(/s/i, 'ſ'),
    () => `${name}-2`,
    () => `${name}\u0301`,
  ])();
}

/** Returns a name of the list of unusual spellings. */
export function spelling(random: Random): string {
  return random.pick([...SPELLINGS]);
}

/** Returns random letters, `min` to `max` code points long. */
export function plainText(random: Random, min: number, max: number): string {
  const upper = Math.max(min, Math.min(max, random.chance(0.05) ? 2000 : min + 12));
  const length = random.int(min, upper);
  const letters = random.chance(0.2) ? MORE_LETTERS : ALPHABET;
  return Array.from({ length }, () => random.pick([...letters])).join('');
}

/** Returns a text in a `format`; undefined for an unknown format. */
export function formattedText(format: string, random: Random): string | undefined {
  const two = (min: number, max: number) => String(random.int(min, max)).padStart(2, '0');
  const date = () => `${random.int(1970, 2100)}-${two(1, 12)}-${two(1, 28)}`;
  const time = () => `${two(0, 23)}:${two(0, 59)}:${two(0, 59)}`;
  const hex = (length: number) => Array.from({ length }, () => random.int(0, 15).toString(16));
  switch (format) {
    case 'email':
      return `${plainWord(random)}@example.com`;
    case 'uri':
      return `https://example.com/${plainWord(random)}`;
    case 'uuid':
      return [8, 4, 4, 4, 12].map((length) => hex(length).join('')).join('-');
    case 'date':
      return date();
    case 'time':
      return `${time()}Z`;
    case 'date-time':
      return `${date()}T${time()}Z`;
    case 'ipv4':
      return `192.0.2.${random.int(0, 255)}`;
    case 'ipv6':
      return `2001:db8::${hex(4).join('')}`;
    case 'new-password':
      return `${plainWord(random)}${random.pick([...PASSWORD_SPECIALS])}A${random.int(0, 9)}`;
    case 'duration':
      return `PT${random.int(1, 59)}M`;
    default:
      return undefined;
  }
}

export function plainWord(random: Random): string {
  return `w${Array.from({ length: 10 }, () => random.pick([...ALPHABET])).join('')}`;
}

/** Returns a text that matches a regular expression, if it is as simple as those in schemas. */
export function patternText(pattern: string, random: Random): string {
  let rest = pattern;
  const take = (length: number) => {
    const taken = rest.slice(0, length);
    rest = rest.slice(length);
    return taken;
  };

  function alternatives(): string {
    const choices = [sequence()];
    while (rest.startsWith('|')) {
      take(1);
      choices.push(sequence());
    }
    return random.pick(choices);
  }

  function sequence(): string {
    let text = '';
    while (rest !== '' && !/^[|)]/.test(rest)) {
      const before = rest;
      const first = atom();
      const consumed = before.slice(0, before.length - rest.length);
      const quantifier = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(rest);
      if (quantifier === null) {
        text += first;
        continue;
      }
      const after = rest.slice(quantifier[0].length);
      const [min, max] = bounds(quantifier);
      for (let count = random.int(min, max); count > 0; count -= 1) {
        rest = consumed;
        text += atom();
      }
      rest = after;
    }
    return text;
  }

  function atom(): string {
    const special = take(1);
    if (special === '^' || special === '$') return '';
    if (special === '.') return random.pick([...ALPHABET]);
    if (special === '\\') return escaped(take(1));
    if (special === '[') return fromClass();
    if (special !== '(') return special;
    take(/^\?(?:[:=!]|P?<\w+>)/.exec(rest)?.[0].length ?? 0);
    const text = alternatives();
    take(1);
    return text;
  }

  function fromClass(): string {
    const end = /[^\\]\]|^\]/.exec(rest);
    const source = take(end === null ? rest.length : end.index + end[0].length).slice(0, -1);
    const test = new RegExp(`[${source}]`, 'u');
    const found = [...ALPHABET, ...'_-./:@+ ', ...'日é'].filter((letter) => test.test(letter));
    return found.length === 0 ? '' : random.pick(found);
  }

  function escaped(letter: string): string {
    if (letter === 'd') return String(random.int(0, 9));
    if (letter === 'w') return random.pick([...ALPHABET]);
    if (letter === 's') return ' ';
    if (letter === 'S') return plainWord(random);
    return /[bBAzZ]/.test(letter) ? '' : letter;
  }

  return alternatives();
}

function bounds(quantifier: RegExpExecArray): [number, number] {
  const [all, min = '', comma, max = ''] = quantifier;
  if (all.startsWith('*')) return [0, 8];
  if (all.startsWith('+')) return [1, 9];
  if (all.startsWith('?')) return [0, 1];
  if (comma === '') return [Number(min), Number(min)];
  return [Number(min), max === '' ? Number(min) + 8 : Number(max)];
}
