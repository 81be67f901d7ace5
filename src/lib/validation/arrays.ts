import { checkAny, checkAnyItem } from './any.js';
import { type Check, FAIL, fail, LAX, lower, type Node, type State, under } from './node.js';
import { listQuick } from './quick.js';

/** Values of `minItems` and `maxItems`. */
export interface LengthLimits {
  min: number;
  max: number;
}

function tooShort(state: State, input: unknown, fieldType: string, min: number, length: number) {
  const ctx = { field_type: fieldType, min_length: min, actual_length: length };
  return fail(state, 'too_short', input, ctx);
}

function tooLong(
  state: State,
  input: unknown,
  fieldType: string,
  max: number,
  length: number | null,
) {
  const ctx = { field_type: fieldType, max_length: max, actual_length: length };
  return fail(state, 'too_long', input, ctx);
}

/** Compiles `type: array`. A list that is too long is rejected without validating its items. */
export function listNode(item: Node, { min, max }: LengthLimits): Node {
  // Pydantic does not validate the items of an untyped list, so the match stays exact.
  const itemCheck: Check = item.check === checkAny ? checkAnyItem : item.check;
  const check: Check = (input, state) => {
    if (!Array.isArray(input)) return fail(state, 'list_type', input);
    const { length } = input;
    if (length > max) return tooLong(state, input, 'List', max, length);
    const start = state.errors.length;
    const out: unknown[] = new Array(length);
    for (let index = 0; index < length; index += 1) {
      const from = state.errors.length;
      const converted = itemCheck(input[index], state);
      if (converted === FAIL) under(state, from, index);
      else out[index] = converted;
    }
    if (state.errors.length > start) return FAIL;
    if (length < min) return tooShort(state, input, 'List', min, length);
    return out;
  };
  return { check, label: `list[${item.label}]`, quick: listQuick(item, min, max) };
}

/** Returns a comparable form of a value: objects compare by content, regardless of key order. */
function identity(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * Compiles `uniqueItems` as Pydantic's set: duplicates are dropped without an error, and the limits
 * apply to the remaining items.
 */
export function setNode(item: Node, { min, max }: LengthLimits): Node {
  const check: Check = (input, state) => {
    if (!Array.isArray(input)) return fail(state, 'set_type', input);
    const start = state.errors.length;
    const seen = new Set<unknown>();
    const out: unknown[] = [];
    for (let index = 0; index < input.length; index += 1) {
      const from = state.errors.length;
      const converted = item.check(input[index], state);
      if (converted === FAIL) {
        under(state, from, index);
        continue;
      }
      const key = identity(converted);
      if (seen.has(key)) continue;
      seen.add(key);
      out.push(converted);
      if (out.length > max) {
        state.errors.length = start;
        return tooLong(state, input, 'Set', max, null);
      }
    }
    if (state.errors.length > start) return FAIL;
    if (out.length < min) return tooShort(state, input, 'Set', min, out.length);
    lower(state, LAX);
    return out;
  };
  return { check, label: `set[${item.label}]` };
}

/**
 * Compiles `prefixItems` as Pydantic's tuple; `rest` validates the items after the declared ones.
 */
export function tupleNode(
  prefix: readonly Node[],
  rest: Node | undefined,
  { min, max }: LengthLimits,
): Node {
  const required = Math.min(prefix.length, Math.max(min, 0));
  const limit = rest === undefined ? prefix.length : max;
  const check: Check = (input, state) => {
    if (!Array.isArray(input)) return fail(state, 'tuple_type', input);
    if (input.length > limit) return tooLong(state, input, 'Tuple', limit, input.length);
    const start = state.errors.length;
    const out: unknown[] = [];
    const count = Math.max(input.length, required);
    for (let index = 0; index < count; index += 1) {
      const from = state.errors.length;
      if (index >= input.length) fail(state, 'missing', input);
      else {
        const node = prefix[index] ?? rest;
        const converted = node?.check(input[index], state);
        if (converted !== FAIL) out.push(converted);
      }
      if (state.errors.length > from) under(state, from, index);
    }
    if (state.errors.length > start) return FAIL;
    if (input.length < min) return tooShort(state, input, 'Tuple', min, input.length);
    lower(state, LAX);
    return out;
  };
  const labels = prefix.map((node) => node.label);
  if (rest !== undefined) labels.push(rest.label, '...');
  return { check, label: `tuple[${labels.join(', ')}]` };
}
