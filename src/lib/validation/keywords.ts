import { REDACTED } from '#src/lib/redact.js';
import { type Check, FAIL, fail, type Guard, type Node } from './node.js';
import type { JsonSchema } from './schema.js';

/** A rule that a string violates: error type, English message, and `ctx`. */
export interface Violation {
  type: string;
  msg: string;
  ctx?: Record<string, unknown>;
}

/**
 * A custom keyword for strings. Called once for each schema that has the keyword set to `true`;
 * returns a function that lists the violations of a string.
 *
 * @throws Error if the schema contradicts the rule
 */
export type Keyword = (schema: JsonSchema) => (text: string) => Violation[];

/** Custom keywords by name, starting with `x-`. */
export type Keywords = Readonly<Record<`x-${string}`, Keyword>>;

/**
 * Compiles the custom keyword of the schema, or returns null if it has none.
 *
 * @throws Error if the keyword is unknown, which would otherwise skip its rule, or one of several
 */
export function keywordNode(schema: JsonSchema, keywords: Keywords): Node | null {
  const names = Object.entries(schema).flatMap(([name, value]) =>
    name.startsWith('x-') && value === true ? [name] : [],
  );
  const [name] = names;
  if (name === undefined) return null;
  const keyword = Object.hasOwn(keywords, name) ? keywords[name as keyof Keywords] : undefined;
  if (keyword === undefined) throw new Error(`Schema keyword ${name} is not registered`);
  if (names.length > 1)
    throw new Error(`Schema keywords ${names.join(' and ')} exclude each other`);
  return textRuleNode(name.slice(2), keyword(schema));
}

/** Errors never contain the input, because such rules apply to secrets. */
function textRuleNode(label: string, violationsOf: (text: string) => Violation[]): Node {
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'string_type', REDACTED);
    if (!value.isWellFormed()) return fail(state, 'string_unicode', REDACTED);
    const violations = violationsOf(value);
    for (const { type, msg, ctx } of violations) {
      state.errors.push({ type, loc: [], msg, input: REDACTED, ...(ctx && { ctx }) });
    }
    return violations.length > 0 ? FAIL : value;
  };
  const guard: Guard = (value, bindings) =>
    `typeof ${value} !== 'string' || !${value}.isWellFormed() || ${bindings.bind(violationsOf)}(${value}).length > 0`;
  return { check, label, guard };
}
