import { NAMES } from './unicode-tables.js';

let namesByChar: Map<string, string> | undefined;

function readNames(): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of NAMES.trim().split('\n')) {
    const space = line.indexOf(' ');
    let code = Number.parseInt(line.slice(0, space), 16);
    let words: string[] = [];
    for (const item of line.slice(space + 1).split(',')) {
      words = [...words.slice(0, Number(item.charAt(0))), ...item.slice(1).split(' ')];
      names.set(String.fromCodePoint(code), words.join(' '));
      code += 1;
    }
  }
  return names;
}

/** Returns the Unicode name of a mark, separator or format character, if it has one. */
export function characterName(char: string): string | undefined {
  namesByChar ??= readNames();
  return namesByChar.get(char);
}

/** Compares texts by their code points, as Python does, instead of their UTF-16 units. */
export function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const difference = codeOf(left[index]) - codeOf(right[index]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function codeOf(char = ''): number {
  return char.codePointAt(0) ?? 0;
}

const SPACES = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

/** Whether Python counts a character as white space: unlike JavaScript, U+001C but not U+FEFF. */
export function isSpace(char: string): boolean {
  return SPACES.has(char);
}

/** Removes white space from the start of a text. */
function trimSpaceStart(text: string): string {
  let start = 0;
  while (isSpace(text.charAt(start))) start += 1;
  return text.slice(start);
}

/** Removes white space from the end of a text. */
export function trimSpaceEnd(text: string): string {
  let end = text.length;
  while (isSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** Removes white space from both ends of a text, as Python's `strip`. */
export function trimSpace(text: string): string {
  return trimSpaceStart(trimSpaceEnd(text));
}
