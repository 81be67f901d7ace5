import {
  type Static,
  type StringOptions,
  type TObject,
  type TSchema,
  type TString,
  type TUnsafe,
  Type,
} from '@sinclair/typebox';

/**
 * A reference to a named component, typed as the component itself. Embedding the schema object
 * instead would copy it to every place in the document that uses it.
 */
export function Ref<T extends TSchema & { $id: string }>(
  schema: T,
  options: { description?: string } = {},
): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>(Type.Ref(schema.$id, options));
}

/** A named component of the OpenAPI document. */
export function Component<T extends TSchema, N extends string>(
  name: N,
  schema: T,
): T & { $id: N; title: N } {
  return { ...schema, $id: name, title: name };
}

/** A string enum, written as `enum` rather than as a union of constants. */
export function Enum<const T extends readonly string[]>(
  values: T,
  options: Record<string, unknown> = {},
): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ ...options, type: 'string', enum: [...values] });
}

/** The schema or null, for nullable columns of the database. */
export function Nullable<T extends TSchema>(
  schema: T,
  options: Record<string, unknown> = {},
): TUnsafe<Static<T> | null> {
  return Type.Unsafe<Static<T> | null>(Type.Union([schema, Type.Null()], options));
}

/** Matches texts without U+0000, which PostgreSQL cannot store. */
const STORABLE_PATTERN = '^[^\\u0000]*$';

/** A text that is stored, or compared with what is stored, and has no other pattern. */
export function StoredText(options: StringOptions = {}): TString {
  return Type.String({ pattern: STORABLE_PATTERN, ...options });
}

/** A timestamp in ISO 8601 format, UTC, with milliseconds. */
export function Timestamp(description: string): TUnsafe<string> {
  return Type.Unsafe<string>({
    type: 'string',
    format: 'date-time',
    description,
    examples: ['2026-01-31T09:30:00.000Z'],
  });
}

/** An id: a positive 32-bit integer. */
export function Id(description: string) {
  return Type.Integer({ minimum: 1, maximum: 2_147_483_647, description, examples: [1] });
}

/**
 * The parameters with other examples, for operations that must not act on the usual ones: the
 * examples of all operations can be run one after the other on the demo data.
 */
export function withExamples<T extends TObject>(params: T, examples: Partial<Static<T>>): T {
  const properties = Object.entries(params.properties).map(([name, schema]) => {
    const example = (examples as Record<string, unknown>)[name];
    return [name, example === undefined ? schema : { ...schema, examples: [example] }];
  });
  return { ...params, properties: Object.fromEntries(properties) };
}

/** An optional property with a default value: clients may omit it, and validation fills it in. */
export function Default<T extends TSchema>(schema: T, value: Static<T>): T {
  // Optional in the document but not in the type: after validation, the value is always present.
  return Type.Optional({ ...schema, default: value }) as unknown as T;
}

/** A group of operations in the document. Each resource declares its tag beside its schemas. */
export interface OperationTag {
  readonly name: string;
  readonly description: string;
}
