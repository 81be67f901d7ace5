import { REDACTED } from './redact.js';
import type { ErrorItem } from './validation/index.js';

/** The values of one place of a request as they came. */
export interface SentPlace {
  value: unknown;
  /** Returns a part of the value without secrets. */
  quote: (part: unknown) => unknown;
}

/** The values of a request as they came, before conversion, by the first element of `loc`. */
export type SentValues = Partial<Record<string, SentPlace>>;

/**
 * Returns the error with the value as it came in `input`, as FastAPI does, because services only
 * know converted values. A secret stays hidden, and so does a value that is missing: an empty field of a
 * form counts as missing.
 */
export function asSent(item: ErrorItem, sent: SentValues): ErrorItem {
  const [name = '', ...steps] = item.loc;
  const place = sent[name];
  if (item.input === REDACTED || item.type === 'missing' || place === undefined) return item;
  let part = place.value;
  for (const step of steps) {
    const isOpen = typeof part === 'object' && part !== null && Object.hasOwn(part, step);
    part = isOpen ? (part as Record<string | number, unknown>)[step] : undefined;
  }
  if (part === undefined) return item;
  const isScalar = typeof part !== 'object' || part === null;
  return { ...item, input: isScalar ? part : place.quote(part) };
}
