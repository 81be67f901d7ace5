import { codePointLength } from '#src/lib/code-points.js';
import { ExpectedError } from '#src/lib/expected-error.js';
import { trimEndCharacter } from '#src/lib/trim-character.js';
import {
  checkBidi,
  IdnaError,
  isRightToLeft,
  mapDomain,
  toAsciiLabel,
  toUnicodeLabel,
} from './idna.js';
import { ipv4Fault, ipv6Fault } from './ip-literals.js';
import { CASELESS, MAX_ADDRESS, MAX_DOMAIN, MAX_LABEL, RESERVED } from './plain-email.js';
import { pythonRepr } from './python-repr.js';
import { byCodePoints, characterName, trimSpaceEnd } from './unicode.js';

/** Why a text is not an email address. */
export class Refused extends ExpectedError {}

const ATEXT = "a-zA-Z0-9_!#$%&'*+\\-/=?^`{|}~";
const DOT_ATOM = new RegExp(`^[${ATEXT}]+(?:\\.[${ATEXT}]+)*$`);
const DOT_ATOM_INTL = new RegExp(
  `^[${ATEXT}\\u{80}-\\u{10ffff}]+(?:\\.[${ATEXT}\\u{80}-\\u{10ffff}]+)*$`,
  'u',
);
const NAME_CHAR = new RegExp(`[ ${ATEXT}]`);
const LOCAL_CHAR = new RegExp(`[.${ATEXT}\\u{80}-\\u{10ffff}]`, 'u');
const QUOTED_CHAR = /[ -~\u{80}-\u{10ffff}]/u;
const DOMAIN_CHAR = /[a-zA-Z0-9\-.\u{80}-\u{10ffff}]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const MARK = /\p{M}/u;
const SPACE = /\p{Zs}/u;

/** ASCII without anything that could quote, compose or open an address. */
const LACKS_AT_SIGN = /^[\0-!#-;=?A-[\]-\x7f]*$/;

const NO_AT_SIGN = 'An email address must have an @-sign.';

/** Returns a character as messages show it: quoted, or by its name if it cannot be seen. */
function display(char: string): string {
  if (char === '\\') return '"\\"';
  if (VISIBLE.test(char)) return pythonRepr(char);
  const code = char.codePointAt(0) ?? 0;
  const hex = code
    .toString(16)
    .toUpperCase()
    .padStart(code < 0xffff ? 4 : 8, '0');
  return characterName(char) ?? `U+${hex}`;
}

/** @throws Refused with the characters that are not allowed */
function refuseOthers(text: string, allowed: RegExp, prefix: string): void {
  const bad = new Set<string>();
  for (const char of text) if (!allowed.test(char)) bad.add(display(char));
  if (bad.size > 0) throw new Refused(`${prefix}: ${[...bad].sort(byCodePoints).join(', ')}.`);
}

/** Refuses separators, control characters and the like, and a mark without its letter. */
function refuseUnsafe(text: string, allowed?: RegExp): void {
  const bad = new Set<string>();
  let isFirst = true;
  for (const char of text) {
    const isSafe = VISIBLE.test(char) || (!isFirst && MARK.test(char)) || allowed?.test(char);
    if (!isSafe) bad.add(char);
    isFirst = false;
  }
  if (bad.size === 0) return;
  const shown = [...bad].sort(byCodePoints).map(display).join(', ');
  throw new Refused(`The email address contains unsafe characters: ${shown}.`);
}

function excess(length: number, limit: number): string {
  return `(${counted(length - limit, 'character')} too many)`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count > 1 ? 's' : ''}`;
}

/** Characters that one may combine with: 30 marks (UAX #15, Stream-Safe Text Format) and its end. */
const COMBINING_WINDOW = 32;

/** Whether a character and those that follow it compose to another character. */
function composes(chars: readonly string[], index: number): boolean {
  const char = chars[index] ?? '';
  if (char < '\x80' && (chars[index + 1] ?? '') < '\x80') return false;
  if (char.normalize('NFC') !== char) return true;
  const composed = chars
    .slice(index, index + COMBINING_WINDOW)
    .join('')
    .normalize('NFC');
  return composed.codePointAt(0) !== chars[index]?.codePointAt(0);
}

/**
 * Splits a text before the first special character outside quotes.
 *
 * @throws Refused if there is none
 */
function splitUnquoted(text: string, specials: string): [left: string, right: string] {
  const chars = Array.from(text);
  let isQuoted = false;
  let isEscaped = false;
  for (const [index, char] of chars.entries()) {
    const matters = isEscaped || char === '"' || char === '\\' || specials.includes(char);
    if (!matters || composes(chars, index)) continue;
    if (isQuoted) {
      if (char === '"' && !isEscaped) isQuoted = false;
      isEscaped = char === '\\' && !isEscaped;
    } else if (char === '"') isQuoted = true;
    else if (specials.includes(char)) {
      return [chars.slice(0, index).join(''), chars.slice(index).join('')];
    }
  }
  if (text.includes('\uff20')) {
    throw new Refused(
      'The email address has the "full-width" at-sign (@) character instead of a regular at-sign.',
    );
  }
  if (text.includes('\ufe6b')) {
    throw new Refused(
      'The email address has the "small commercial at" character instead of a regular at-sign.',
    );
  }
  throw new Refused(NO_AT_SIGN);
}

/** @throws Refused for characters after the closing quote */
function unquote(text: string): { value: string; isQuoted: boolean } {
  if (!text.startsWith('"')) return { value: text, isQuoted: false };
  const chars = Array.from(text);
  let isEscaped = false;
  let value = '';
  for (let index = 1; index < chars.length; index += 1) {
    const char = chars[index] ?? '';
    if (!isEscaped && char === '"') {
      const rest = chars.slice(index + 1);
      if (rest.length === 0) break;
      throw new Refused(
        `Extra character(s) found after close quote: ${rest.map(display).join(', ')}`,
      );
    }
    isEscaped = !isEscaped && char === '\\';
    if (!isEscaped) value += char;
  }
  return { value, isQuoted: true };
}

/** The parts of an address before they are checked. */
interface Parts {
  hasName: boolean;
  /** The mailbox as it was given. */
  given: string;
  local: string;
  isQuoted: boolean;
  domain: string;
}

/**
 * Returns the reason for a text that is certainly no address, as most are that are refused. Quicker
 * than throwing it.
 */
export function plainFault(text: string): string | undefined {
  return LACKS_AT_SIGN.test(text) ? NO_AT_SIGN : undefined;
}

/** @throws Refused */
function splitAddress(text: string): Parts {
  let [left, right] = splitUnquoted(text, '@<');
  const hasName = right.startsWith('<');
  if (hasName) {
    checkName(trimSpaceEnd(left));
    if (!right.includes('>')) {
      throw new Refused(
        'An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.',
      );
    }
    const bracketed = trimEndCharacter(right, ' ');
    if (!bracketed.endsWith('>')) {
      throw new Refused("There can't be anything after the email address.");
    }
    [left, right] = splitUnquoted(bracketed.slice(1, -1), '@');
  }
  const { value, isQuoted } = unquote(left);
  return { hasName, given: left, local: value, isQuoted, domain: right.slice(1) };
}

/** @throws Refused */
function checkName(text: string): void {
  const { value, isQuoted } = unquote(text);
  if (!isQuoted) {
    const prefix = 'The display name contains invalid characters when not quoted';
    refuseOthers(value, NAME_CHAR, prefix);
  }
  refuseUnsafe(value, SPACE);
}

function refuseDots(text: string, start: string, end: string): void {
  if (text.endsWith('.')) throw new Refused(end.replace('{}', 'period'));
  if (text.startsWith('.')) throw new Refused(start.replace('{}', 'period'));
  if (text.includes('..')) {
    throw new Refused('An email address cannot have two periods in a row.');
  }
}

/** @throws Refused */
function checkLocal(text: string, isQuoted: boolean): void {
  if (text === '') throw new Refused('There must be something before the @-sign.');
  if (DOT_ATOM.test(text)) return;
  if (DOT_ATOM_INTL.test(text)) {
    refuseUnsafe(text);
    return;
  }
  if (isQuoted) {
    const prefix = 'The email address contains invalid characters in quotes before the @-sign';
    refuseOthers(text, QUOTED_CHAR, prefix);
    refuseUnsafe(text, SPACE);
    return;
  }
  refuseOthers(text, LOCAL_CHAR, 'The email address contains invalid characters before the @-sign');
  refuseDots(
    text,
    'An email address cannot start with a {}.',
    'An email address cannot have a {} immediately before the @-sign.',
  );
}

/** Returns the mailbox in NFC. */
function localPart(text: string, isQuoted: boolean): string {
  checkLocal(text, isQuoted);
  const normalized = text.normalize('NFC');
  if (normalized !== text) {
    try {
      checkLocal(normalized, isQuoted);
    } catch (error) {
      throw prefixed(error, 'After Unicode normalization: ');
    }
  }
  if (isQuoted) throw new Refused('Quoting the part before the @-sign is not allowed here.');
  const lower = normalized.toLowerCase();
  return DOT_ATOM.test(normalized) && CASELESS.has(lower) ? lower : normalized;
}

/** Returns a refusal with a message around that of another; other errors unchanged. */
function prefixed(error: unknown, before: string, after = ''): unknown {
  if (!(error instanceof Refused || error instanceof IdnaError)) return error;
  return new Refused(`${before}${error.message}${after}`, { cause: error });
}

function checkHostnameDots(domain: string): void {
  const start = 'An email address cannot have a {} immediately after the @-sign.';
  const end = 'An email address cannot end with a {}.';
  refuseDots(domain, start, end);
  if (domain.endsWith('-')) throw new Refused(end.replace('{}', 'hyphen'));
  if (domain.startsWith('-')) throw new Refused(start.replace('{}', 'hyphen'));
  if (domain.includes('.-') || domain.includes('-.')) {
    throw new Refused('An email address cannot have a period and a hyphen next to each other.');
  }
  if (domain.split('.').some((label) => /^(?!xn)..--/iu.test(label))) {
    throw new Refused(
      'An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode.',
    );
  }
}

/** @throws Refused for characters that have no place in a domain, or that stand for a period */
function refuseDomainChars(domain: string): void {
  refuseOthers(domain, DOMAIN_CHAR, 'The part after the @-sign contains invalid characters');
  refuseUnsafe(domain);
  const bad = new Set<string>();
  for (const char of domain) {
    const isPeriod = char === '.' || char === '\uff0e';
    // Of these, the decomposition has other characters, which decompose to periods in turn.
    const isIndirect = char === '\ufe19' || char === '\ufe30';
    if (!isPeriod && !isIndirect && char.normalize('NFKD').includes('.')) bad.add(display(char));
  }
  if (bad.size === 0) return;
  const shown = [...bad].sort(byCodePoints).join(', ');
  throw new Refused(`The part after the @-sign contains invalid characters: ${shown}.`);
}

/** Returns the domain in lower case, composed and with ASCII periods. */
function mappedDomain(domain: string): string {
  let mapped: string;
  try {
    mapped = mapDomain(domain);
  } catch (error) {
    throw prefixed(error, 'The part after the @-sign contains invalid characters (', ').');
  }
  refuseOthers(
    mapped,
    DOMAIN_CHAR,
    'The part after the @-sign contains invalid characters after Unicode normalization',
  );
  return mapped;
}

/** Both forms of a domain. */
interface Domain {
  unicode: string;
  ascii: string;
}

function asciiDomain(domain: string): string {
  if (/^[\0-\x7f]*$/.test(domain)) return domain;
  try {
    return domain.split('.').map(toAsciiLabel).join('.');
  } catch (error) {
    throw prefixed(error, 'The part after the @-sign is invalid (', ').');
  }
}

function unicodeDomain(ascii: string): string {
  if (!ascii.includes('xn--')) return ascii;
  let unicode: string;
  try {
    unicode = ascii.split('.').map(toUnicodeLabel).join('.');
  } catch (error) {
    throw prefixed(error, 'The part after the @-sign is not valid IDNA (', ').');
  }
  refuseUnsafe(unicode);
  if (isRightToLeft(unicode)) {
    try {
      for (const label of unicode.split('.')) checkBidi(label);
    } catch (error) {
      throw prefixed(error, 'The part after the @-sign is not valid IDNA (', ').');
    }
  }
  return unicode;
}

/** @throws Refused */
export function parseDomain(text: string): Domain {
  const length = codePointLength(text);
  if (length > MAX_DOMAIN) {
    throw new Refused(
      `The email address is too long after the @-sign ${excess(length, MAX_DOMAIN)}.`,
    );
  }
  refuseDomainChars(text);
  const mapped = mappedDomain(text);
  checkHostnameDots(mapped);
  const ascii = asciiDomain(mapped);
  if (ascii.length > MAX_DOMAIN) {
    const bytes = counted(ascii.length - MAX_DOMAIN, 'byte');
    throw new Refused(
      `The email address is too long after the @-sign (${bytes} too many after IDNA encoding).`,
    );
  }
  const long = ascii.split('.').find((label) => label.length > MAX_LABEL);
  if (long !== undefined) {
    throw new Refused(
      `After the @-sign, periods cannot be separated by so many characters ${excess(long.length, MAX_LABEL)}.`,
    );
  }
  if (!ascii.includes('.')) {
    throw new Refused('The part after the @-sign is not valid. It should have a period.');
  }
  if (!/[a-z]$/i.test(ascii)) {
    throw new Refused(
      'The part after the @-sign is not valid. It is not within a valid top-level domain.',
    );
  }
  if ([...RESERVED].some((name) => ascii.endsWith(`.${name}`))) {
    throw new Refused(
      'The part after the @-sign is a special-use or reserved name that cannot be used with email.',
    );
  }
  return { ascii, unicode: unicodeDomain(ascii) };
}

/** @throws Refused always: an IP address in brackets is not allowed, even if it is valid */
function refuseLiteral(literal: string): never {
  if (/^[0-9.]+$/.test(literal)) {
    const fault = ipv4Fault(literal);
    if (fault !== null) {
      throw new Refused(
        `The address in brackets after the @-sign is not valid: It is not an IPv4 address (${fault}) or is missing an address literal tag.`,
      );
    }
  } else if (/^ipv6:/i.test(literal)) {
    const address = literal.slice('ipv6:'.length);
    const fault = ipv6Fault(address) ?? (address.includes('%') ? 'It has a zone index' : null);
    if (fault !== null) {
      throw new Refused(`The IPv6 address in brackets after the @-sign is not valid (${fault}).`);
    }
  } else if (literal.includes(':')) {
    refuseOthers(
      literal,
      /[!-\xfa]/,
      'The part after the @-sign contains invalid characters in brackets',
    );
    throw new Refused(
      'The part after the @-sign contains an invalid address literal tag in brackets.',
    );
  } else {
    throw new Refused(
      'The part after the @-sign in brackets is not an IPv4 address and has no address literal tag.',
    );
  }
  throw new Refused('A bracketed IP address after the @-sign is not allowed here.');
}

/** Checks the length of the address as it was given, normalized, and in ASCII, all in UTF-8. */
function checkLength(given: string, local: string, { unicode, ascii }: Domain): void {
  const over = Buffer.byteLength(given) - MAX_ADDRESS;
  if (over > 0) {
    const widest = Math.max(...Array.from(given, (char) => Buffer.byteLength(char)));
    const least = Math.max(1, Math.floor(over / widest));
    const count = least === over ? `${over}` : `${least}-${over}`;
    const noun = over > 1 ? 'characters' : 'character';
    throw new Refused(`The email address is too long (${count} ${noun} too many).`);
  }
  const forms = [
    [`${local}@${unicode}`, 'after normalization'],
    [`${local}@${ascii}`, 'when the part after the @-sign is converted to IDNA ASCII'],
  ] as const;
  for (const [form, reason] of forms) {
    const bytes = Buffer.byteLength(form) - MAX_ADDRESS;
    if (bytes > 0) {
      throw new Refused(
        `The email address is too long ${reason} (${counted(bytes, 'byte')} too many).`,
      );
    }
  }
}

/**
 * Returns the normalized form of an address without a display name. Follows the email-validator
 * package 2.4.0, without DNS checks: the order of the checks, and their messages.
 *
 * @throws Refused
 */
export function normalizeAddress(text: string): string {
  const parts = splitAddress(text);
  const local = localPart(parts.local, parts.isQuoted);
  if (parts.domain === '') throw new Refused('There must be something after the @-sign.');
  if (parts.domain.startsWith('[') && parts.domain.endsWith(']')) {
    refuseLiteral(parts.domain.slice(1, -1));
  }
  const domain = parseDomain(parts.domain);
  checkLength(`${parts.given}@${parts.domain}`, local, domain);
  if (parts.hasName) {
    throw new Refused(
      'A display name and angle brackets around the email address are not permitted here.',
    );
  }
  return `${local}@${domain.unicode}`;
}
