import type { JsonSchema } from '../src/lib/validation/schema.js';
import { largest, mainPart, type Resolve, wrongest } from './bodies.js';

/** A body that is to cost the service much, and a valid one of the same size. */
export interface Attack {
  name: string;
  contentType: string;
  body: string;
  /** Made anew for each request: names have to be unique. */
  twin: () => string;
}

/** Five bytes of a request, twenty-two of an answer. */
const LARGE_NUMBER = '1e20';

/**
 * What an attacker would send to an operation that takes JSON.
 *
 * @param limit how many bytes a body may have
 */
export function attacksOn(schema: JsonSchema, resolve: Resolve, limit: number): Attack[] {
  const json = 'application/json';
  const budget = limit;
  const twin = (size: number) => () => padded(largestWithin(schema, resolve, size), size);
  const full = JSON.stringify(shortened(wrongest(schema, resolve), budget));
  const numbers = (size: number) => listOf(LARGE_NUMBER, size);
  const isList = mainPart(schema, resolve).type === 'array';
  const inside = isList ? listOf('{"x":1e20}', budget) : `{"unknown":${numbers(budget - 20)}}`;
  return [
    { name: 'all values wrong', contentType: json, body: full, twin: twin(full.length) },
    { name: 'only unknown fields', contentType: json, body: inside, twin: twin(inside.length) },
    { name: 'a list of numbers', contentType: json, body: numbers(budget), twin: twin(budget) },
    {
      name: 'empty objects',
      contentType: json,
      body: listOf('{}', budget),
      twin: twin(budget),
    },
    {
      name: 'control characters as text',
      contentType: 'text/plain',
      body: '\u0001'.repeat(budget),
      twin: twin(budget),
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

function largestWithin(schema: JsonSchema, resolve: Resolve, size: number): unknown {
  const value = largest(schema, resolve);
  if (!Array.isArray(value)) return JSON.stringify(value).length <= size ? value : {};
  return shortened(value, size);
}

/** White space makes a valid body as long as any other. */
function padded(value: unknown, size: number): string {
  return JSON.stringify(value).padEnd(size, ' ');
}
