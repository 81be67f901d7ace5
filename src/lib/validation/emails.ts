import { domainToASCII, domainToUnicode } from 'node:url';
import { codePointLength } from '#src/lib/code-points.js';
import { trimEndCharacter } from '#src/lib/trim-character.js';
import { type Check, fail, type Node } from './node.js';
import { pythonRepr } from './python-repr.js';

const MAX_TEXT = 2048;
const MAX_ADDRESS = 254;
const MAX_DOMAIN = 253;
const MAX_LABEL = 63;

const ATEXT = "a-zA-Z0-9_!#$%&'*+\\-/=?^`{|}~";
const SIMPLE = new RegExp(
  `^[${ATEXT}]+(?:\\.[${ATEXT}]+)*@(?=[a-z0-9.-]{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z])?$`,
);
const DOT_ATOM = new RegExp(`^[${ATEXT}]+(?:\\.[${ATEXT}]+)*$`);
const DOT_ATOM_INTL = new RegExp(
  `^[${ATEXT}\\u{80}-\\u{10ffff}]+(?:\\.[${ATEXT}\\u{80}-\\u{10ffff}]+)*$`,
  'u',
);
const LOCAL_CHAR = new RegExp(`[.${ATEXT}\\u{80}-\\u{10ffff}]`, 'u');
const DOMAIN_CHAR = /[a-zA-Z0-9\-.\u{80}-\u{10ffff}]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
const UNSAFE = /[\p{Z}\p{C}]/u;

/** Reserved domains that never receive mail (from the email-validator package). */
const RESERVED = ['arpa', 'invalid', 'local', 'localhost', 'onion', 'test'];

/** Mailbox names that are case-insensitive (RFC 2142). */
const CASELESS = new Set([
  'info',
  'marketing',
  'sales',
  'support',
  'abuse',
  'noc',
  'security',
  'postmaster',
  'hostmaster',
  'usenet',
  'news',
  'webmaster',
  'www',
  'uucp',
  'ftp',
]);

class Refused extends Error {}

function display(char: string): string {
  if (char === '\\') return '"\\"';
  if (VISIBLE.test(char)) return pythonRepr(char);
  if (char === ' ') return 'SPACE';
  const code = char.codePointAt(0) ?? 0;
  return `U+${code
    .toString(16)
    .toUpperCase()
    .padStart(code < 0xffff ? 4 : 8, '0')}`;
}

function refuseChars(text: string, allowed: RegExp, prefix: string): void {
  const bad = new Set<string>();
  for (const char of text) if (!allowed.test(char)) bad.add(display(char));
  if (bad.size > 0) throw new Refused(`${prefix}: ${[...bad].sort().join(', ')}.`);
}

function refuseUnsafe(text: string): void {
  const bad = new Set<string>();
  let first = true;
  for (const char of text) {
    if (UNSAFE.test(char) || (first && /\p{M}/u.test(char))) bad.add(char);
    first = false;
  }
  if (bad.size === 0) return;
  const shown = [...bad].sort().map(display).join(', ');
  throw new Refused(`The email address contains unsafe characters: ${shown}.`);
}

function excess(length: number, limit: number): string {
  return `(${length - limit} character${length - limit > 1 ? 's' : ''} too many)`;
}

/** Returns the index of the first special character outside quotes, or -1. */
function unquotedIndex(text: string, specials: string): number {
  let quoted = false;
  let escaped = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quoted) {
      if (char === '"' && !escaped) quoted = false;
      escaped = char === '\\' && !escaped;
    } else if (char === '"') quoted = true;
    else if (specials.includes(char)) return index;
  }
  return -1;
}

function requireSplit(text: string, specials: string): number {
  const at = unquotedIndex(text, specials);
  if (at !== -1) return at;
  if (text.includes('\uff20')) {
    throw new Refused(
      'The email address has the "full-width" at-sign (@) character instead of a regular at-sign.',
    );
  }
  throw new Refused('An email address must have an @-sign.');
}

function refuseDots(text: string, start: string, end: string): void {
  if (text.endsWith('.')) throw new Refused(end.replace('{}', 'period'));
  if (text.startsWith('.')) throw new Refused(start.replace('{}', 'period'));
  if (text.includes('..')) {
    throw new Refused('An email address cannot have two periods in a row.');
  }
}

function localPart(text: string): string {
  if (text === '') throw new Refused('There must be something before the @-sign.');
  if (DOT_ATOM.test(text)) return CASELESS.has(text.toLowerCase()) ? text.toLowerCase() : text;
  if (DOT_ATOM_INTL.test(text)) {
    refuseUnsafe(text);
    return text.normalize('NFC');
  }
  refuseChars(text, LOCAL_CHAR, 'The email address contains invalid characters before the @-sign');
  refuseDots(
    text,
    'An email address cannot start with a {}.',
    'An email address cannot have a {} immediately before the @-sign.',
  );
  throw new Refused('The email address contains invalid characters before the @-sign.');
}

function domainDots(domain: string): void {
  const start = 'An email address cannot have a {} immediately after the @-sign.';
  const end = 'An email address cannot end with a {}.';
  refuseDots(domain, start, end);
  if (domain.endsWith('-')) throw new Refused(end.replace('{}', 'hyphen'));
  if (domain.startsWith('-')) throw new Refused(start.replace('{}', 'hyphen'));
  if (domain.includes('.-') || domain.includes('-.')) {
    throw new Refused('An email address cannot have a period and a hyphen next to each other.');
  }
  if (domain.split('.').some((label) => /^(?!xn)..--/i.test(label))) {
    throw new Refused(
      'An email address cannot have two letters followed by two dashes immediately after the @-sign or after a period, except Punycode.',
    );
  }
}

function domainPart(text: string): string {
  if (text === '') throw new Refused('There must be something after the @-sign.');
  if (text.startsWith('[') && text.endsWith(']')) {
    throw new Refused('A bracketed IP address after the @-sign is not allowed here.');
  }
  const length = codePointLength(text);
  if (length > MAX_DOMAIN) {
    throw new Refused(
      `The email address is too long after the @-sign ${excess(length, MAX_DOMAIN)}.`,
    );
  }
  refuseChars(text, DOMAIN_CHAR, 'The part after the @-sign contains invalid characters');
  refuseUnsafe(text);
  const folded = text.toLowerCase().normalize('NFKC').replaceAll('\u3002', '.');
  domainDots(folded);
  const isAscii = !/[^\0-\x7f]/.test(folded) && !folded.includes('xn--');
  const ascii = isAscii ? folded : domainToASCII(folded);
  const unicode = isAscii ? ascii : domainToUnicode(ascii);
  // Node 20 gives nothing for an A-label that is none, and newer releases leave it as it is.
  if (ascii === '' || /(^|\.)xn--/.test(unicode))
    throw new Refused('The part after the @-sign is not valid IDNA (Invalid A-label).');
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
  if (RESERVED.some((name) => ascii === name || ascii.endsWith(`.${name}`))) {
    throw new Refused(
      'The part after the @-sign is a special-use or reserved name that cannot be used with email.',
    );
  }
  return unicode;
}

/**
 * Returns a domain as `parseEmail` writes it, or null if no address can have it. Stored addresses
 * are compared by this form (`foldEmail`), so a change of it needs a migration.
 */
export function emailDomain(text: string): string | null {
  try {
    return domainPart(text);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

const NAME = /^[\p{L}\p{M}\p{N}\p{Pc}\s!#$%&'*+\-/=?^`{|}~]*$/u;

/** Returns the email address in `Name <address>`, or the whole text. */
function withoutName(text: string): string {
  const open = text.indexOf('<');
  const trimmed = text.trimEnd();
  if (open === -1 || !trimmed.endsWith('>') || open + 2 >= trimmed.length) return text.trim();
  const name = text.slice(0, open).trim();
  const quoted = name.length > 2 && name.startsWith('"') && name.endsWith('"');
  return NAME.test(name) || quoted ? trimmed.slice(open + 1, -1).trim() : text.trim();
}

/** Returns why `Name <address>` was not recognised. */
function angleReason(address: string, open: number): string {
  refuseChars(
    address
      .slice(0, open)
      .trimEnd()
      .replace(/^"[^"]*"$/, ''),
    NAME,
    'The display name contains invalid characters when not quoted',
  );
  const rest = trimEndCharacter(address.slice(open), ' ');
  if (!rest.includes('>')) {
    return 'An open angle bracket at the start of the email address has to be followed by a close angle bracket at the end.';
  }
  if (!rest.endsWith('>')) return "There can't be anything after the email address.";
  return 'An email address must have an @-sign.';
}

function normalise(text: string): string {
  const address = withoutName(text);
  const at = requireSplit(address, '@<');
  if (address.charAt(at) === '<') throw new Refused(angleReason(address, at));
  const left = address.slice(0, at);
  if (left.startsWith('"')) {
    throw new Refused('Quoting the part before the @-sign is not allowed here.');
  }
  const local = localPart(left);
  const result = `${local}@${domainPart(address.slice(at + 1))}`;
  const length = codePointLength(result);
  if (length > MAX_ADDRESS) {
    throw new Refused(`The email address is too long ${excess(length, MAX_ADDRESS)}.`);
  }
  return result;
}

/**
 * Parses an email address and normalizes it: no display name, domain in lower case and Unicode.
 * Follows the email-validator package 2.x without DNS checks (RFC 5322, 6531, 5891).
 */
export function parseEmail(text: string): { address: string } | { reason: string } {
  if (isPlainEmail(text)) return { address: text };
  if (codePointLength(text) > MAX_TEXT) {
    return { reason: `Length must not exceed ${MAX_TEXT} characters` };
  }
  try {
    return { address: normalise(text) };
  } catch (error) {
    if (error instanceof Refused) return { reason: error.message };
    throw error;
  }
}

/** Whether a text is certainly a normalized email address; false means unknown. */
function isPlainEmail(text: string): boolean {
  return text.length <= MAX_ADDRESS && SIMPLE.test(text) && !isSpecial(text);
}

/** Whether the text needs the full parser: reserved names, Punycode, case-insensitive mailboxes. */
function isSpecial(text: string): boolean {
  const at = text.indexOf('@');
  return (
    text.includes('--', at) ||
    RESERVED.some((name) => text.endsWith(`.${name}`)) ||
    (at <= 10 && CASELESS.has(text.slice(0, at).toLowerCase()))
  );
}

/** Compiles `format: email`. */
export function emailNode(): Node {
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'string_type', value);
    const parsed = parseEmail(value);
    if ('address' in parsed) return parsed.address;
    return fail(state, 'value_error', value, { reason: parsed.reason });
  };
  return {
    check,
    label: 'function-after[_validate(), str]',
    guard: (value, bindings) =>
      `typeof ${value} !== 'string' || !${bindings.bind(isPlainEmail)}(${value})`,
  };
}
