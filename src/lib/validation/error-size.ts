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
