import type { JsonSchema } from '#src/lib/validation/index.js';
import { largest, mainPart, type Resolve, wrongest } from './bodies.js';

/**
 * A request body designed to be expensive, and a valid body of the same size. Where possible, the
 * valid one carries the same values in an unknown field, so both take as long to parse.
 */
export interface Attack {
  name: string;
  contentType: string;
  body: string;
  /** Returns a new valid body for each request, because some names must be unique. */
  twin: () => string;
}

/** Five bytes in a request, twenty-two in a response. */
const LARGE_NUMBER = '1e20';

const MARK = 'what nobody knows';

/**
 * Returns attack bodies for an operation that takes JSON.
 *
 * @param limit maximum size of a body in bytes
 */
export function attacksOn(schema: JsonSchema, resolve: Resolve, limit: number): Attack[] {
  const json = 'application/json';
  const full = JSON.stringify(shortened(wrongest(schema, resolve), limit));
  const isList = mainPart(schema, resolve).type === 'array';
  const numbers = listOf(LARGE_NUMBER, limit);
  const objects = listOf('{}', limit);
  const inside = isList
    ? listOf(`{"x":${LARGE_NUMBER}}`, limit)
    : `{"unknown":${listOf(LARGE_NUMBER, limit - 20)}}`;
  const plain = (size: number) => () => JSON.stringify(validWithin(size)).padEnd(size, ' ');
  const withUnknown = (item: string) => () => {
    const value = validWithin(limit / 2);
    const taken = JSON.stringify(value).length + '"unknown":,'.length;
    const first: unknown = isList ? (value as unknown[])[0] : value;
    // The largest body of an operation that takes any JSON is a text.
    if (typeof first !== 'object' || first === null) return plain(limit)();
    // A placeholder for the list, which is too long to be serialized twice.
    Object.assign(first, { unknown: MARK });
    return JSON.stringify(value).replace(`"${MARK}"`, () => listOf(item, limit - taken));
  };

  function validWithin(size: number): unknown {
    const value = largest(schema, resolve);
    if (Array.isArray(value)) return shortened(value, size);
    return JSON.stringify(value).length <= size ? value : {};
  }

  return [
    { name: 'all values wrong', contentType: json, body: full, twin: plain(full.length) },
    {
      name: 'only unknown fields',
      contentType: json,
      body: inside,
      twin: withUnknown(LARGE_NUMBER),
    },
    {
      name: 'a list of numbers',
      contentType: json,
      body: numbers,
      twin: withUnknown(LARGE_NUMBER),
    },
    { name: 'a list of empty objects', contentType: json, body: objects, twin: withUnknown('{}') },
    {
      name: 'control characters as text',
      contentType: 'text/plain',
      body: '\u0001'.repeat(limit),
      twin: plain(limit),
    },
  ];
}

function listOf(item: string, size: number): string {
  const count = Math.max(1, Math.floor((size - 1) / (item.length + 1)));
  return `[${`${item},`.repeat(count - 1)}${item}]`;
}

/** Shortens a list until its JSON fits into `size` characters. */
function shortened(value: unknown, size: number): unknown {
  if (!Array.isArray(value) || JSON.stringify(value).length <= size) return value;
  const each = JSON.stringify(value[0]).length + 1;
  return value.slice(0, Math.max(1, Math.floor(size / each)));
}
