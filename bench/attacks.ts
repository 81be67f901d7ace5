import type { JsonSchema } from '#src/lib/validation/index.js';
import { largest, mainPart, type Resolve, wrongest } from './bodies.js';

/**
 * A body that is to cost the service much, and a valid one of the same size: with the same values,
 * where they can stand in a field that nobody knows, so that both take as long to parse.
 */
export interface Attack {
  name: string;
  contentType: string;
  body: string;
  /** Rendered anew for each request: names have to be unique. */
  twin: () => string;
}

/** Five bytes of a request, twenty-two of an answer. */
const LARGE_NUMBER = '1e20';

const MARK = 'what nobody knows';

/**
 * What an attacker would send to an operation that takes JSON.
 *
 * @param limit how many bytes a body may have
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
    const first = (isList ? (value as unknown[])[0] : value) as Record<string, unknown>;
    // A mark where the text of the list goes, which is too long to be made twice.
    first['unknown'] = MARK;
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

/** Lists are cut until the whole is small enough. */
function shortened(value: unknown, size: number): unknown {
  if (!Array.isArray(value) || JSON.stringify(value).length <= size) return value;
  const each = JSON.stringify(value[0]).length + 1;
  return value.slice(0, Math.max(1, Math.floor(size / each)));
}
