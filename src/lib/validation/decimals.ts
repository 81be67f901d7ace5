import { type Check, FAIL, fail, LAX, lower, type Node, newState } from './node.js';
import { numberNode, parseFloatText } from './numbers.js';
import type { JsonSchema } from './schema.js';

/** Start of the pattern that FastAPI gives the string branch of a decimal. */
const DECIMAL_PATTERN = '^(?!^[-+.]*$)[+-]?0*';

/** Whether the members of an `anyOf` are FastAPI's schema of a decimal: a number or a string. */
export function isDecimal(members: readonly JsonSchema[]): boolean {
  const [first, second] = members;
  return (
    members.length === 2 &&
    first?.type === 'number' &&
    second?.type === 'string' &&
    second.pattern?.startsWith(DECIMAL_PATTERN) === true
  );
}

/** Compiles a decimal, which keeps the type that was sent. */
export function decimalNode(schema: JsonSchema): Node {
  const { check: inRange } = numberNode(schema);
  const check: Check = (value, state) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
      return fail(state, 'decimal_type', value);
    }
    const number = typeof value === 'string' ? parseFloatText(value) : value;
    if (typeof number === 'string') return fail(state, 'decimal_parsing', value);
    const inner = newState();
    if (inRange(number, inner) === FAIL) {
      for (const item of inner.errors) state.errors.push({ ...item, input: value });
      return FAIL;
    }
    lower(state, LAX);
    return value;
  };
  return { check, label: 'decimal' };
}
