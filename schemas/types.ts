import { type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox';

/**
 * A reference to a named component, typed as the component itself. A schema object that is merely
 * embedded would be copied into every place of the document that uses it.
 */
export function Ref<T extends TSchema & { $id: string }>(
  schema: T,
  options: { description?: string } = {},
): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>(Type.Ref(schema.$id, options));
}

/** A component: a schema with the name under which the document lists it. */
export function Component<T extends TSchema, N extends string>(
  name: N,
  schema: T,
): T & { $id: N; title: N } {
  return { ...schema, $id: name, title: name };
}

/** One of a fixed list of strings, written as `enum` and not as a union of constants. */
export function Enum<const T extends readonly string[]>(
  values: T,
  options: Record<string, unknown> = {},
): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ ...options, type: 'string', enum: [...values] });
}

/** The schema or null. Every nullable column of the database is described with it. */
export function Nullable<T extends TSchema>(
  schema: T,
  options: Record<string, unknown> = {},
): TUnsafe<Static<T> | null> {
  return Type.Unsafe<Static<T> | null>(Type.Union([schema, Type.Null()], options));
}

/** A moment in ISO 8601, UTC, with milliseconds. */
export function Timestamp(description: string): TUnsafe<string> {
  return Type.Unsafe<string>({
    type: 'string',
    format: 'date-time',
    description,
    examples: ['2026-01-31T09:30:00.000Z'],
  });
}

/** The number of something, as far as the database counts. */
export function Id(description: string) {
  return Type.Integer({ minimum: 1, maximum: 2_147_483_647, description, examples: [1] });
}

/**
 * A property that may be left out and then has a default: optional for whoever sends it, always
 * there for whoever reads it after validation.
 */
export function Default<T extends TSchema>(schema: T, value: Static<T>): T {
  // Optional in the document, but not in the type: validation has filled it in.
  return Type.Optional({ ...schema, default: value }) as unknown as T;
}

/** A group of operations in the document. Each resource declares its own beside its schemas. */
export interface OperationTag {
  readonly name: string;
  readonly description: string;
}
