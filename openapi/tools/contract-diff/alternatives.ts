/** A JSON Schema 2020-12 schema, with the keywords that the contract uses. */
export interface Schema {
  [keyword: string]: unknown;
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** An OpenAPI document; references resolve within it. */
export type ContractDocument = Record<string, unknown>;

/** One possible type of a value, or `any`. A schema is a list of alternatives. */
export interface Alternative {
  type: string;
  /** The name of the component that contains the alternative, if any. */
  name: string | undefined;
  schema: Schema;
}

const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

/** Follows references to a value. Returns an empty object for a dangling reference. */
export function resolve<T extends object>(document: ContractDocument, value: T): T {
  let found: unknown = value;
  // The step limit ends a reference that leads to itself.
  for (
    let steps = 0;
    steps < 100 && isObject(found) && typeof found['$ref'] === 'string';
    steps += 1
  ) {
    const { $ref, ...beside } = found;
    const target = at(document, $ref as string);
    found = isObject(target) ? { ...target, ...beside } : {};
  }
  return (found ?? {}) as T;
}

/** Returns the component name at the end of a reference. */
export function nameOf(schema: Schema): string | undefined {
  return schema.$ref?.split('/').at(-1);
}

/** Flattens unions and type lists into alternatives, recursively. */
export function alternativesOf(
  document: ContractDocument,
  schema: Schema,
  name: string | undefined = nameOf(schema),
): Alternative[] {
  const { anyOf, oneOf, allOf, ...own } = resolve(document, schema);
  if (allOf !== undefined) {
    const parts = allOf.map((part) => resolve(document, part));
    return alternativesOf(
      document,
      parts.reduce(merged, { ...own, ...only({ anyOf, oneOf }) }),
      name,
    );
  }
  const union = anyOf ?? oneOf;
  if (union !== undefined) {
    return union.flatMap((part) =>
      alternativesOf(document, part).map((each) => ({
        ...each,
        // Keywords beside a union apply to each member, except for annotations such as
        // descriptions.
        schema: merged(withoutNotes(own), each.schema),
      })),
    );
  }
  return typesOf(own).map((type) => ({ type, name, schema: withValuesOf(type, own) }));
}

/** Keeps the enum values that match the type. */
function withValuesOf(type: string, schema: Schema): Schema {
  if (schema.enum === undefined || type === 'any') return schema;
  const types = type === 'number' ? ['number', 'integer'] : [type];
  return { ...schema, enum: schema.enum.filter((value) => types.includes(typeOf(value))) };
}

function typesOf(schema: Schema): string[] {
  if (schema.type !== undefined) return [schema.type].flat();
  const values = valuesOf(schema);
  if (values !== undefined) return [...new Set(values.map(typeOf))];
  if (schema.properties !== undefined || schema.required !== undefined) return ['object'];
  if (schema.items !== undefined) return ['array'];
  return ['any'];
}

/** Returns the allowed values, if the schema lists them. */
export function valuesOf(schema: Schema): unknown[] | undefined {
  return 'const' in schema ? [schema.const] : schema.enum;
}

export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return TYPES.includes(typeof value) ? typeof value : 'any';
}

function merged(a: Schema, b: Schema): Schema {
  const required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  const properties = { ...a.properties, ...b.properties };
  return {
    ...a,
    ...b,
    ...(required.length > 0 ? { required } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}

function withoutNotes(schema: Schema): Schema {
  const { description: _d, title: _t, default: _v, example: _e, examples: _s, ...rest } = schema;
  return rest;
}

function only(parts: Record<string, Schema[] | undefined>): Schema {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
}

function at(document: ContractDocument, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((found, part) => (isObject(found) ? found[part] : undefined), document);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
