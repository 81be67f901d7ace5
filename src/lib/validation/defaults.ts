import { setOwn } from './node.js';

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) setOwn(out, key, copy(item));
  return out;
}

/**
 * Makes the producer of a `default`. Every caller gets its own copy, so that what one request
 * does to its value is not seen by the next.
 */
export function defaultMaker(value: unknown): () => unknown {
  if (typeof value !== 'object' || value === null) return () => value;
  return () => copy(value);
}
