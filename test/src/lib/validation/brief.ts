import { type CompileOptions, compileSchema } from '#src/lib/validation/compile.js';
import type { ErrorItem, Validated } from '#src/lib/validation/error-item.js';
import type { JsonSchema } from '#src/lib/validation/schema.js';

/** An answer short enough to compare at a glance: the value, or each error's type and place. */
export type Brief = { value: unknown } | { errors: [string, ...(string | number)[]][] };

/** Shortens an answer. */
export function brief(result: Validated): Brief {
  if (!('errors' in result)) return { value: result.value };
  return { errors: result.errors.map(({ type, loc }) => [type, ...loc]) };
}

/** Checks one value and shortens the answer. */
export function check(schema: JsonSchema, value: unknown, options?: CompileOptions): Brief {
  return brief(compileSchema(schema, options)(value));
}

/** The only error of a value. */
export function onlyError(schema: JsonSchema, value: unknown): ErrorItem {
  const result = compileSchema(schema)(value);
  const [first, ...others] = 'errors' in result ? result.errors : [];
  if (first === undefined || others.length > 0) throw new Error('Expected exactly one error');
  return first;
}
