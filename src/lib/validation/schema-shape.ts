import type { SizeLimits } from './objects.js';
import type { JsonSchema } from './schema.js';

/** Keywords which restrict a value in a way no Pydantic model can. */
const REFUSED = [
  'not',
  'if',
  'then',
  'else',
  'contains',
  'minContains',
  'maxContains',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'unevaluatedItems',
];

/**
 * @throws Error for a keyword which would have to be ignored: a schema must not promise more
 * than is checked.
 */
export function refuseUnknown(schema: JsonSchema): void {
  for (const keyword of REFUSED) {
    if (keyword in schema) throw new Error(`Schema keyword ${keyword} is not supported`);
  }
}

const KIND_OF_KEYWORD: Readonly<Record<string, string>> = {
  properties: 'object',
  additionalProperties: 'object',
  patternProperties: 'object',
  items: 'array',
  prefixItems: 'array',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
  format: 'string',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
};

/**
 * @throws Error when a `$ref`, an `anyOf` or a `oneOf` has restrictions beside it, which would be
 * lost.
 */
export function refuseMixed(schema: JsonSchema): void {
  for (const keyword of ['required', ...Object.keys(KIND_OF_KEYWORD)]) {
    if (keyword in schema) {
      throw new Error(`Schema keyword ${keyword} beside a reference or a choice is not supported`);
    }
  }
}

/** The types a schema admits; a missing `type` is read off the other keywords. */
export function kindsOf(schema: JsonSchema): string[] {
  const { type } = schema;
  const kinds =
    typeof type === 'string' ? [type] : type === undefined ? impliedKinds(schema) : [...type];
  return schema.nullable === true && !kinds.includes('null') ? [...kinds, 'null'] : kinds;
}

function impliedKinds(schema: JsonSchema): string[] {
  if (schema.enum !== undefined) return [];
  const keyword = Object.keys(KIND_OF_KEYWORD).find((name) => name in schema);
  const kind = keyword === undefined ? undefined : KIND_OF_KEYWORD[keyword];
  return kind === undefined ? [] : [kind];
}

/** `minProperties` and `maxProperties`, when there are any. */
export function sizeLimits(schema: JsonSchema): SizeLimits | undefined {
  const { minProperties, maxProperties } = schema;
  if (minProperties === undefined && maxProperties === undefined) return undefined;
  return { min: minProperties ?? 0, max: maxProperties ?? Number.POSITIVE_INFINITY };
}

/** The title FastAPI makes up for a field: `item_id` becomes `Item Id`. */
function madeUpTitle(name: string): string {
  return name
    .replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .replaceAll('_', ' ');
}

/** Whether a title names a class: it is an identifier, and not the one made up for the field. */
export function isClassTitle(title: string | undefined, name: string | undefined): boolean {
  if (title === undefined || !/^[A-Z]\w*$/.test(title)) return false;
  return name === undefined || title !== madeUpTitle(name);
}

/** Joins the object schemas of an `allOf`. */
export function mergeAll(parts: readonly JsonSchema[]): JsonSchema {
  let merged: JsonSchema = {};
  for (const part of parts) {
    const properties = { ...merged.properties, ...part.properties };
    const required = [...new Set([...(merged.required ?? []), ...(part.required ?? [])])];
    merged = {
      ...merged,
      ...part,
      ...(Object.keys(properties).length > 0 && { properties }),
      ...(required.length > 0 && { required }),
    };
  }
  return merged;
}
