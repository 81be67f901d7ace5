import type { SizeLimits } from './objects.js';
import type { JsonSchema } from './schema.js';

/** Restrictions that no Pydantic model can express. */
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
 * Rejects unsupported keywords, because a schema must not promise more than is validated.
 *
 * @throws Error if the schema has such a keyword
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
 * Rejects restrictions beside a `$ref`, `anyOf` or `oneOf`, which would be ignored.
 *
 * @throws Error if the schema has such a restriction
 */
export function refuseMixed(schema: JsonSchema): void {
  for (const keyword of ['required', ...Object.keys(KIND_OF_KEYWORD)]) {
    if (keyword in schema) {
      throw new Error(`Schema keyword ${keyword} beside a reference or a choice is not supported`);
    }
  }
}

/** Returns the types that a schema allows; a missing `type` is inferred from other keywords. */
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

/** Returns `minProperties` and `maxProperties`, if the schema has any. */
export function sizeLimits(schema: JsonSchema): SizeLimits | undefined {
  const { minProperties, maxProperties } = schema;
  if (minProperties === undefined && maxProperties === undefined) return undefined;
  return { min: minProperties ?? 0, max: maxProperties ?? Number.POSITIVE_INFINITY };
}

/** Returns the title that FastAPI generates for a field: `item_id` becomes `Item Id`. */
function madeUpTitle(name: string): string {
  return name
    .replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .replaceAll('_', ' ');
}

/** Whether a title is a class name: an identifier that was not generated for the field. */
export function isClassTitle(title: string | undefined, name: string | undefined): boolean {
  if (title === undefined || !/^[A-Z]\w*$/.test(title)) return false;
  return name === undefined || title !== madeUpTitle(name);
}

/** Merges the object schemas of an `allOf`. */
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
