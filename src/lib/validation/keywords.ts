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

/** Compiles the first custom keyword of the schema, or returns null if it has none. */
export function keywordNode(schema: JsonSchema, keywords: Keywords): Node | null {
  const found = Object.entries(keywords).find(
    ([name]) => (schema as Record<string, unknown>)[name] === true,
  );
  return found === undefined ? null : textRuleNode(found[0].slice(2), found[1](schema));
}

/** Errors never contain the input, because such rules apply to secrets. */
function textRuleNode(label: string, violationsOf: (text: string) => Violation[]): Node {
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'string_type', REDACTED);
    const violations = violationsOf(value);
    for (const { type, msg, ctx } of violations) {
      state.errors.push({ type, loc: [], msg, input: REDACTED, ...(ctx && { ctx }) });
    }
    return violations.length > 0 ? FAIL : value;
  };
  const guard: Guard = (value, bindings) =>
    `typeof ${value} !== 'string' || ${bindings.bind(violationsOf)}(${value}).length > 0`;
  return { check, label, guard };
}
