import type { ErrorItem } from './error-item.js';
import {
  addFields,
  EXACT,
  FAIL,
  fail,
  lower,
  type Node,
  type Remembered,
  type Slot,
  type State,
} from './node.js';

/** pydantic-core's `RECURSION_GUARD_LIMIT`, minus the outermost value. */
const MAX_RECURSION = 254;

/** Beyond this number of errors, a repeated failure adds only its first error. */
const MAX_REPEATED_ERRORS = 100;

const copy = (item: ErrorItem): ErrorItem => ({ ...item, loc: [...item.loc] });

function replay({ value, errors, exactness, fieldsSet }: Remembered, state: State): unknown {
  const repeated = state.errors.length > MAX_REPEATED_ERRORS ? errors.slice(0, 1) : errors;
  for (const item of repeated) state.errors.push(copy(item));
  lower(state, exactness);
  addFields(state, fieldsSet);
  return value;
}

function visit(slot: Slot, value: unknown, state: State): unknown {
  if (slot.node === undefined) throw new Error('A schema is used before it is compiled');
  state.depth += 1;
  const result = slot.node.check(value, state);
  state.depth -= 1;
  return result;
}

/**
 * Validates an object inside a union only once. Members of a recursive union descend into the same
 * parts of the input, which would double the work with every level.
 */
function visitOnce(slot: Slot, value: unknown, state: State): unknown {
  state.memory ??= new Map();
  const known = state.memory.get(slot) ?? new Map<unknown, Remembered>();
  state.memory.set(slot, known);
  const earlier = known.get(value);
  if (earlier !== undefined) return replay(earlier, state);
  const { exactness, fieldsSet } = state;
  const from = state.errors.length;
  state.exactness = EXACT;
  state.fieldsSet = undefined;
  const result = visit(slot, value, state);
  const errors = result === FAIL ? state.errors.slice(from).map(copy) : [];
  const outcome = { value: result, errors, exactness: state.exactness, fieldsSet: state.fieldsSet };
  known.set(value, outcome);
  state.exactness = exactness;
  state.fieldsSet = fieldsSet;
  lower(state, outcome.exactness);
  addFields(state, outcome.fieldsSet);
  return result;
}

/**
 * Compiles a reference to a schema from within itself. It has no quick path, because the check
 * counts the depth and rejects values nested deeper than Pydantic's limit.
 */
export function recursiveNode(slot: Slot, label: string): Node {
  return {
    check: (value, state) => {
      if (state.depth >= MAX_RECURSION) return fail(state, 'recursion_loop', value);
      return state.openUnions > 0 && typeof value === 'object' && value !== null
        ? visitOnce(slot, value, state)
        : visit(slot, value, state);
    },
    label,
  };
}
