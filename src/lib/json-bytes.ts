/** An escaped code unit, such as `\u0000`, and the longest number. */
const CHARACTER = 6;
const NUMBER = 24;

/** Returns a number of bytes that the JSON of a value does not exceed. */
export function mostJsonBytes(value: unknown): number {
  if (typeof value === 'string') return CHARACTER * value.length + 2;
  if (typeof value !== 'object' || value === null) return NUMBER;
  let bytes = 2;
  // Unlike `Object.entries`, it makes no arrays, for each field of each item.
  for (const name in value) {
    bytes += CHARACTER * name.length + mostJsonBytes(value[name as keyof typeof value]) + 4;
  }
  return bytes;
}
