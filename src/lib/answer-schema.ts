type Schema = Readonly<Record<string, unknown>>;

/** Keywords that limit values. */
const LIMITS = new Set([
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
]);

/** Keywords whose value contains schemas by name, and those whose value is one schema or a list. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions']);
const PARTS = new Set(['items', 'prefixItems', 'anyOf', 'oneOf', 'allOf', 'additionalProperties']);

/**
 * Returns the shape of a schema, without limits on values, for the serializer.
 *
 * A value was checked when it came in, by the validator and in its reading of patterns. A serializer
 * that checks it again, to choose a branch of a union, may read it differently, and then the
 * response of everyone who lists it fails.
 */
export function answerSchema<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(answerSchema) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const shape: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema as Schema)) {
    if (LIMITS.has(keyword)) continue;
    shape[keyword] = MAPS.has(keyword)
      ? mapped(value as Schema)
      : PARTS.has(keyword)
        ? answerSchema(value)
        : value;
  }
  return shape as T;
}

function mapped(schemas: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, answerSchema(schema)]),
  );
}
