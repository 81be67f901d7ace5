import { REDACTED } from '#src/lib/redact.js';
import { type Check, FAIL, fail, type Node } from './node.js';
import type { Guard } from './quick.js';
import type { JsonSchema } from './schema.js';

/** What a text does not satisfy: a type of error, its sentence in English, and its `ctx`. */
export interface Violation {
  type: string;
  msg: string;
  ctx?: Record<string, unknown>;
}

/**
 * A rule for texts that JSON Schema has no word for. Called once for each schema that has the
 * keyword with the value `true`; answers a function that finds what a text violates.
 *
 * @throws Error if the schema contradicts the rule
 */
export type Keyword = (schema: JsonSchema) => (text: string) => Violation[];

/** The keywords that a validator is handed, by their names, which begin with `x-`. */
export type Keywords = Readonly<Record<`x-${string}`, Keyword>>;

/** Compiles the first keyword that the schema has, or null if it has none of them. */
export function keywordNode(schema: JsonSchema, keywords: Keywords): Node | null {
  const found = Object.entries(keywords).find(
    ([name]) => (schema as Record<string, unknown>)[name] === true,
  );
  return found === undefined ? null : textRuleNode(found[0].slice(2), found[1](schema));
}

/** No error repeats what was sent: such rules are for secrets. */
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
