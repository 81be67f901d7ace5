import type { JsonSchema } from '#src/lib/validation/index.js';

/** Returns the schema that a `$ref` points to. */
export type Resolve = (ref: string) => JsonSchema;

const WORD = 'a';
/** Length of values whose schema sets no limit. */
const UNLIMITED = 1000;

let unique = 0;

/**
 * Returns the largest value that a schema allows: every field present, every list at full length.
 */
export function largest(given: JsonSchema, resolve: Resolve, name?: string): unknown {
  const schema = mainPart(given, resolve);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return mapFields(schema, (field, key) => largest(field, resolve, key));
    case 'array':
      return items(schema, resolve, (item) => largest(item, resolve));
    case 'string':
      return largestText(schema, name);
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.maximum ?? schema.minimum ?? schema.exclusiveMinimum ?? 1;
    default:
      return WORD;
  }
}

/** Returns a value of the same size with as many errors as possible. */
export function wrongest(given: JsonSchema, resolve: Resolve): unknown {
  const schema = mainPart(given, resolve);
  switch (schema.type) {
    case 'object':
      return mapFields(schema, (field) => wrongest(field, resolve));
    case 'array':
      return items(schema, resolve, (item) => wrongest(item, resolve));
    case 'string':
      return schema.enum === undefined ? ' '.repeat((schema.maxLength ?? UNLIMITED) + 1) : 'none';
    default:
      return 'none of it';
  }
}

/** Values that most fields reject: of another type, too short, and of another pattern. */
const WRONG_VALUES: readonly unknown[] = [{}, '', '?', 7, null, WORD.repeat(300)];
const WRONG_FIELDS = 3;

/**
 * Returns a copy of a valid object in which up to three fields are invalid, each in another way if
 * possible; of a list, a copy with such items.
 */
export function withWrongFields(valid: unknown, isValid: (value: unknown) => boolean): unknown {
  if (Array.isArray(valid)) {
    const wrong = withWrongFields(valid[0], (item) => isValid([item]));
    return valid.map(() => structuredClone(wrong));
  }
  const wrong: Record<string, unknown> = { ...(valid as object) };
  let count = 0;
  for (const name of Object.keys(wrong)) {
    const choices = [...WRONG_VALUES.slice(count), ...WRONG_VALUES.slice(0, count)];
    const choice = choices.find((value) => !isValid({ ...(valid as object), [name]: value }));
    if (choice === undefined) continue;
    wrong[name] = choice;
    count += 1;
    if (count === WRONG_FIELDS) break;
  }
  return wrong;
}

/** Resolves references; of a union, returns the first member that is not null. */
export function mainPart(schema: JsonSchema, resolve: Resolve): JsonSchema {
  if (schema.$ref !== undefined) return mainPart(resolve(schema.$ref), resolve);
  const choice = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null');
  return choice === undefined ? schema : mainPart(choice, resolve);
}

function mapFields(
  { properties = {} }: JsonSchema,
  make: (field: JsonSchema, key: string) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(properties);
  return Object.fromEntries(entries.map(([key, field]) => [key, make(field, key)]));
}

function items(
  { items, maxItems = UNLIMITED }: JsonSchema,
  resolve: Resolve,
  make: (item: JsonSchema) => unknown,
): unknown[] {
  const item = mainPart((items ?? {}) as JsonSchema, resolve);
  return Array.from({ length: maxItems }, () => make(item));
}

/**
 * Returns the longest text that the pattern or format allows; usernames and email addresses are
 * unique.
 */
function largestText(schema: JsonSchema, name: string | undefined): string {
  unique += 1;
  const { maxLength = UNLIMITED, pattern, format } = schema;
  const number = String(unique);
  if (format === 'email') return `n${number}@example.com`;
  if ('x-password-policy' in schema) return 'Aa1-'.padEnd(maxLength, WORD);
  const candidates = [
    name === 'username' ? `u${number}`.padEnd(maxLength, WORD) : WORD.repeat(maxLength),
    'https://example.com/'.padEnd(maxLength, WORD),
    ...((schema as { examples?: string[] }).examples ?? []),
  ];
  const regexp = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return candidates.find((text) => regexp?.test(text) ?? true) ?? WORD;
}
