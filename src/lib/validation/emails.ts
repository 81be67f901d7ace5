import { codePointLength } from '#src/lib/code-points.js';
import { normalizeAddress, parseDomain, plainFault, Refused } from './email-syntax.js';
import { type Check, fail, type Guard, type Node } from './node.js';
import { isPlainEmail } from './plain-email.js';
import type { JsonSchema } from './schema.js';
import { isSpace, trimSpace } from './unicode.js';

const MAX_TEXT = 2048;

/**
 * Returns a domain as `parseEmail` writes it, or null if no address can have it. Stored addresses
 * are compared by this form (`foldEmail`), so a change of it needs a migration.
 */
export function emailDomain(text: string): string | null {
  try {
    return parseDomain(text).unicode;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

const NAME_CHAR = /[\p{L}\p{N}_.!#$%&'*+\-/=?^`{|}~]/u;

/** Whether a display name needs no quotes. */
function isPlainName(text: string): boolean {
  return Array.from(text).every((char) => NAME_CHAR.test(char) || isSpace(char));
}

/** Returns the email address in `Name <address>`, or the whole text. */
function withoutName(text: string): string {
  const trimmed = trimSpace(text);
  if (!trimmed.endsWith('>')) return trimmed;
  const open = trimmed.startsWith('"') ? bracketAfterQuotes(trimmed) : trimmed.indexOf('<');
  const address = trimmed.slice(open + 1, -1);
  const isName = trimmed.startsWith('"') || isPlainName(trimmed.slice(0, open));
  return open === -1 || address === '' || !isName ? trimmed : trimSpace(address);
}

/** Returns the index of the last bracket that opens an address after a name in quotes, or -1. */
function bracketAfterQuotes(text: string): number {
  // At least one character stands between the quotes, and between the brackets.
  let quote = text.lastIndexOf('"', text.length - 4);
  while (quote > 1) {
    let open = quote + 1;
    while (isSpace(text.charAt(open))) open += 1;
    if (text.charAt(open) === '<' && open < text.length - 2) return open;
    quote = text.lastIndexOf('"', quote - 1);
  }
  return -1;
}

/**
 * Parses an email address and normalizes it: no display name, domain in lower case and Unicode.
 * Follows pydantic 2.14, which calls the email-validator package without DNS checks (RFC 5322,
 * 6531, 5891).
 */
export function parseEmail(text: string): { address: string } | { reason: string } {
  if (isPlainEmail(text)) return { address: text };
  if (codePointLength(text) > MAX_TEXT) {
    return { reason: `Length must not exceed ${MAX_TEXT} characters` };
  }
  if (/[\r\n]/.test(text)) {
    return { reason: 'Carriage return and line feed characters are not allowed' };
  }
  const fault = plainFault(text);
  if (fault !== undefined) return { reason: fault };
  try {
    return { address: normalizeAddress(withoutName(text)) };
  } catch (error) {
    if (error instanceof Refused) return { reason: error.message };
    throw error;
  }
}

/** Compiles `format: email`. The limits of its length are those of the normalized address. */
export function emailNode({ minLength = 0, maxLength }: JsonSchema): Node {
  const max = maxLength ?? Number.POSITIVE_INFINITY;
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'string_type', value);
    const parsed = parseEmail(value);
    if ('reason' in parsed) return fail(state, 'value_error', value, { reason: parsed.reason });
    const { address } = parsed;
    const length = codePointLength(address);
    const counted = { field_type: 'Value', actual_length: length };
    if (length < minLength) {
      return fail(state, 'too_short', value, { ...counted, min_length: minLength });
    }
    if (length > max) return fail(state, 'too_long', value, { ...counted, max_length: max });
    return address;
  };
  const guard: Guard = (value, bindings) => {
    const conditions = [
      `typeof ${value} !== 'string'`,
      `!${bindings.bind(isPlainEmail)}(${value})`,
    ];
    if (minLength > 0) conditions.push(`${value}.length < ${bindings.bind(minLength)}`);
    if (maxLength !== undefined) conditions.push(`${value}.length > ${bindings.bind(max)}`);
    return conditions.join(' || ');
  };
  return { check, label: 'function-after[_validate(), str]', guard };
}
