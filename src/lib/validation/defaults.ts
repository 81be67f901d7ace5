import { setOwn } from './node.js';

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) setOwn(out, key, copy(item));
  return out;
}

/**
 * Returns a function that produces a `default` value. Every call returns a new copy, so requests
 * cannot modify each other's value.
 */
export function defaultMaker(value: unknown): () => unknown {
  if (typeof value !== 'object' || value === null) return () => value;
  return () => copy(value);
}
