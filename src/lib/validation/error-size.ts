import type { ErrorItem } from './error-item.js';
import { writeExactJson } from './exact-json.js';

/** Maximum bytes of the errors in one response, as JSON. */
export const MAX_ERROR_BYTES = 1_000_000;

/** Maximum characters of a message, if it alone is too long: it may quote the value. */
const MAX_MESSAGE = 1000;

/**
 * Returns the errors within {@link MAX_ERROR_BYTES}: unchanged if they fit, otherwise without the
 * largest values of `input`, and without the last errors if that is not enough. An error quotes the
 * value that it belongs to, so several errors of one object contain the whole object each.
 */
export function withinErrorBytes(items: ErrorItem[]): ErrorItem[] {
  return fitCertainly(items) ? items : withoutLargest(items);
}

/**
 * Whether an upper bound of the bytes is within the limit, as it is for almost all requests. Writing
 * the errors just to measure them would double their cost.
 */
function fitCertainly(items: readonly ErrorItem[]): boolean {
  let left = MAX_ERROR_BYTES;
  let known = { input: undefined as unknown, most: SHORT };
  for (const { type, loc, msg, input, ctx } of items) {
    // Errors of missing fields quote the same object.
    if (known.input !== input) known = { input, most: mostBytes(input, left) };
    left -= NAMES_OF_FIELDS + mostBytes(type, left) + mostBytes(msg, left) + mostBytes(loc, left);
    left -= known.most + (ctx === undefined ? 0 : mostBytes(ctx, left));
    if (left < 0) return false;
  }
  return true;
}

/** Bytes of an item besides its values. */
const NAMES_OF_FIELDS = '{"type":,"loc":,"msg":,"input":,"ctx":},'.length;

/** Bytes of the longest number, `true` and so on, with a comma. */
const SHORT = 26;

/** Bytes of a UTF-16 unit, if it is escaped. */
const ESCAPED = 6;

/**
 * Returns an upper bound of the bytes of a value as JSON; infinity for values that JSON only has
 * converted. Stops above the limit.
 */
function mostBytes(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length * ESCAPED + SHORT;
  if (typeof value === 'bigint') return Number.POSITIVE_INFINITY;
  if (typeof value !== 'object' || value === null) return SHORT;
  let sum = SHORT;
  if (Array.isArray(value)) {
    for (const item of value) {
      sum += mostBytes(item, limit - sum);
      if (sum > limit) break;
    }
    return sum;
  }
  if ('toJSON' in value || ArrayBuffer.isView(value)) return Number.POSITIVE_INFINITY;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    sum += key.length * ESCAPED + SHORT + mostBytes(item, limit - sum);
    if (sum > limit) break;
  }
  return sum;
}

function withoutLargest(items: ErrorItem[]): ErrorItem[] {
  const sizes = new Map<unknown, number>();
  const measured = items.map(({ input, ...rest }) => {
    const size = sizes.get(input) ?? bytesOf(input);
    sizes.set(input, size);
    // With the comma.
    return { bytes: bytesOf(rest) + 1, inputBytes: size + '"input":,'.length };
  });
  let total = measured.reduce((sum, { bytes, inputBytes }) => sum + bytes + inputBytes, 0);
  if (total <= MAX_ERROR_BYTES) return items;

  const withoutInput = new Set<number>();
  const largestFirst = [...measured.entries()].sort(
    ([, one], [, other]) => other.inputBytes - one.inputBytes,
  );
  for (const [index, { inputBytes }] of largestFirst) {
    if (total <= MAX_ERROR_BYTES) break;
    withoutInput.add(index);
    total -= inputBytes;
  }
  const shortened = items.map((item, index) =>
    withoutInput.has(index) ? { ...item, input: undefined } : item,
  );
  if (total <= MAX_ERROR_BYTES) return shortened;

  let sum = 0;
  const end = measured.findIndex(({ bytes }) => {
    sum += bytes;
    return sum > MAX_ERROR_BYTES;
  });
  return end === 0 ? shortened.slice(0, 1).map(brief) : shortened.slice(0, end);
}

/** The error without what may quote the value. */
function brief({ type, loc, msg }: ErrorItem): ErrorItem {
  return { type, loc: loc.slice(0, 1), msg: msg.slice(0, MAX_MESSAGE), input: undefined };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(writeExactJson(value) ?? '');
}
