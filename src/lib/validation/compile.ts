import { Compiler } from './compiler.js';
import type { TextForm } from './dates.js';
import type { Validated } from './error-item.js';
import type { Keywords } from './keywords.js';
import { FAIL, newState, under } from './node.js';
import { quickOf } from './quick.js';
import type { Definitions, JsonSchema } from './schema.js';
import { compileMask, finishMasked } from './secrets.js';

/** Options of {@link compileSchema}. */
export interface CompileOptions {
  /** Shared schemas by name; `References.resolve` lists the supported forms of `$ref`. */
  definitions?: Definitions;
  /** Custom keywords, by name. */
  keywords?: Keywords | undefined;
  /** First element of every `loc`: `body`, `query` and so on. */
  place?: string;
  /**
   * Whether dates and times are rewritten in Pydantic's output format (default), or kept as sent.
   */
  text?: TextForm;
}

/**
 * Validates and converts one value. Never throws for any JSON value, and never modifies its input.
 */
export type Validator<T = unknown> = (value: unknown) => Validated<T>;

/**
 * Compiles a JSON Schema into a validator with the results of Pydantic 2.13 in lax mode under
 * FastAPI: either a new value, converted, with defaults and without undeclared properties, or all
 * errors in Pydantic's order. Errors contain no value of a schema with `format: password` or
 * `writeOnly`, see `compileMask`.
 *
 * @throws Error if a reference cannot be resolved or a keyword is not supported
 */
export function compileSchema(schema: JsonSchema, options: CompileOptions = {}): Validator {
  const { definitions = {}, keywords, place, text = 'canonical' } = options;
  const compiler = new Compiler(schema, { definitions, keywords, form: text });
  const node = compiler.compile(schema);
  const mask = compileMask(schema, compiler.references);
  const { check } = node;
  const quick = quickOf(node);
  return (value) => {
    const converted = quick(value);
    if (converted !== FAIL) return { value: converted };
    const state = newState();
    const result = check(value, state);
    if (result !== FAIL) return { value: result };
    if (place !== undefined) under(state, 0, place);
    return { errors: finishMasked(state, mask, value) };
  };
}
