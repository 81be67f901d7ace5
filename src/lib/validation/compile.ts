import { Compiler } from './compiler.js';
import type { TextForm } from './dates.js';
import type { Validated } from './error-item.js';
import type { Keywords } from './keywords.js';
import { FAIL, finish, newState, under } from './node.js';
import { quickOf } from './quick.js';
import type { Definitions, JsonSchema } from './schema.js';

/** Options of {@link compileSchema}. */
export interface CompileOptions {
  /** Shared schemas by name; see `References.resolve` for the forms of `$ref`. */
  definitions?: Definitions;
  /** Rules beyond JSON Schema, by their names. */
  keywords?: Keywords | undefined;
  /** First element of every `loc`: `body`, `query` and so on. */
  place?: string;
  /**
   * Whether accepted dates and times are rewritten as Pydantic answers them (the default), or
   * kept as the client wrote them.
   */
  text?: TextForm;
}

/** Checks and converts one value. Never throws for any JSON value, never changes its input. */
export type Validator<T = unknown> = (value: unknown) => Validated<T>;

/**
 * Compiles a JSON Schema into a function which answers what Pydantic 2.13 in lax mode answers
 * under FastAPI: a new value, converted, with defaults and without undeclared properties, or
 * every error in Pydantic's order.
 *
 * @throws Error when the schema refers to nothing or uses a keyword that cannot be honoured.
 */
export function compileSchema(schema: JsonSchema, options: CompileOptions = {}): Validator {
  const { definitions = {}, keywords, place, text = 'canonical' } = options;
  const node = new Compiler(schema, { definitions, keywords, form: text }).compile(schema);
  const { check } = node;
  const quick = quickOf(node);
  return (value) => {
    const converted = quick(value);
    if (converted !== FAIL) return { value: converted };
    const state = newState();
    const result = check(value, state);
    if (result !== FAIL) return { value: result };
    if (place !== undefined) under(state, 0, place);
    return { errors: finish(state) };
  };
}
