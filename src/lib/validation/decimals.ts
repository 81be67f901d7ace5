import { type Check, FAIL, fail, LAX, lower, type Node, newState } from './node.js';
import { numberNode, parseFloatText } from './numbers.js';
import type { JsonSchema } from './schema.js';

/** How FastAPI begins the pattern of the textual half of a decimal. */
const DECIMAL_PATTERN = '^(?!^[-+.]*$)[+-]?0*';

/** Whether the members of an `anyOf` are the two halves of one decimal: a number or its text. */
export function isDecimal(members: readonly JsonSchema[]): boolean {
  const [first, second] = members;
  return (
    members.length === 2 &&
    first?.type === 'number' &&
    second?.type === 'string' &&
    second.pattern?.startsWith(DECIMAL_PATTERN) === true
  );
}

/** Compiles a decimal, which is answered in the form it was given. */
export function decimalNode(schema: JsonSchema): Node {
  const { check: inRange } = numberNode(schema);
  const check: Check = (value, state) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
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
