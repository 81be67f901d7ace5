import { References } from './references.js';
import type { Definitions, JsonSchema } from './schema.js';

/** A code point above U+FFFF takes two escapes of six bytes in ASCII-only JSON. */
const BYTES_PER_CODE_POINT = 12;

/** More than any number or date needs. */
const BYTES_OF_A_SCALAR = 64;

/** Quotes, colon, comma, line break and indentation. */
const BYTES_BETWEEN = 20;

/** Allowance for unknown fields, which are dropped. */
const ROOM = 16 * 1024;

const SHORT_FORMATS = new Set(['date', 'date-time', 'duration', 'ipv4', 'ipv6', 'time', 'uuid']);

/**
 * Returns the maximum useful size of a JSON body in bytes: the largest value that the schema
 * allows, in its longest encoding, plus an allowance. Infinity if the schema sets no limit.
 *
 * Error items contain the invalid value, and each missing field the whole object, so a response can
 * be many times as large as the request. Limiting requests also limits responses.
 *
 * @throws Error if a reference cannot be resolved
 */
export function largestBody(schema: JsonSchema, definitions: Definitions): number {
  const references = new References(schema, definitions);
  const open = new Set<JsonSchema>();

  function sizeOf(given: JsonSchema | boolean | undefined): number {
    if (typeof given !== 'object' || open.has(given)) return Number.POSITIVE_INFINITY;
    open.add(given);
    const size = BYTES_BETWEEN + contentOf(given);
    open.delete(given);
    return size;
  }

  function contentOf(given: JsonSchema): number {
    if (given.$ref !== undefined) return sizeOf(references.resolve(given.$ref));
    if (given.const !== undefined) return literal(given.const);
    if (given.enum !== undefined) return Math.max(...given.enum.map(literal));
    const choices = given.anyOf ?? given.oneOf;
    if (choices !== undefined) return Math.max(...choices.map(sizeOf));
    // The size of combined schemas is not computed.
    if (given.allOf !== undefined) return Number.POSITIVE_INFINITY;
    const types = [given.type ?? 'unknown'].flat();
    return Math.max(...types.map((type) => ofType(type, given)));
  }

  function ofType(type: string, given: JsonSchema): number {
    switch (type) {
      case 'null':
      case 'boolean':
      case 'integer':
      case 'number':
        return BYTES_OF_A_SCALAR;
      case 'string':
        return textSize(given);
      case 'array':
        return (given.maxItems ?? Number.POSITIVE_INFINITY) * sizeOf(given.items as JsonSchema);
      case 'object':
        return objectSize(given);
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  function objectSize({ properties = {}, additionalProperties, patternProperties }: JsonSchema) {
    const keepsOthers = additionalProperties !== undefined && additionalProperties !== false;
    if (keepsOthers || patternProperties !== undefined) return Number.POSITIVE_INFINITY;
    return Object.entries(properties).reduce(
      (sum, [name, field]) => sum + literal(name) + sizeOf(field),
      0,
    );
  }

  return sizeOf(schema) + ROOM;
}

function textSize({ maxLength, format = '' }: JsonSchema): number {
  if (maxLength !== undefined) return maxLength * BYTES_PER_CODE_POINT;
  return SHORT_FORMATS.has(format) ? BYTES_OF_A_SCALAR : Number.POSITIVE_INFINITY;
}

function literal(value: unknown): number {
  return JSON.stringify(value).length * BYTES_PER_CODE_POINT;
}
