import { randomUUID } from 'node:crypto';
import { replaceLongIntegers } from './json-scanner.js';

/** Marks a text that is an integer. No client can know it, because no response contains it. */
const MARK = randomUUID();

const LONG_DIGITS = /\d{16}/;

/**
 * Parses JSON without loss: integers that are not safe become bigints. Takes linear time, except
 * that a bigint takes the square of its digits.
 *
 * @throws SyntaxError if the text is not JSON
 */
export function parseExactJson(text: string): { value: unknown; hasBigInts?: true } {
  // Throws first, because the digits are only looked for in JSON.
  const value = JSON.parse(text) as unknown;
  if (!LONG_DIGITS.test(text)) return { value };
  const marked = replaceLongIntegers(text, (digits) =>
    Number.isSafeInteger(Number(digits)) ? digits : `"${MARK}${digits}"`,
  );
  if (marked === text) return { value };
  const exact = JSON.parse(marked, (_key, item: unknown) =>
    typeof item === 'string' && item.startsWith(MARK) ? BigInt(item.slice(MARK.length)) : item,
  ) as unknown;
  return { value: exact, hasBigInts: true };
}

/** Writes JSON, with bigints as integers; undefined as `JSON.stringify` does. */
export function writeExactJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Bigints are rare, and a replacer is slow.
    const marked = JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? `${MARK}${item}` : item,
    );
    const [start = '', ...rest] = marked.split(`"${MARK}`);
    // Each of these starts with an integer and a quotation mark.
    return start + rest.map((part) => part.replace('"', '')).join('');
  }
}

/** Returns a copy of a value with the nearest number in the place of every bigint. */
export function roundBigInts(value: unknown): unknown {
  return JSON.parse(writeExactJson(value) ?? 'null');
}
