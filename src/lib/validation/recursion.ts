import type { ErrorItem } from './error-item.js';
import { addFields, EXACT, FAIL, fail, lower, type Node, type State } from './node.js';

/** pydantic-core's `RECURSION_GUARD_LIMIT`, less the outermost value. */
const MAX_RECURSION = 254;

/** With more errors than this, a value that failed before is reported by its first error only. */
const MAX_REPEATED_ERRORS = 100;

/** Where a schema that is being compiled leaves its node for the references inside itself. */
export interface Slot {
  node: Node | undefined;
}

/** What became of an object under one schema. */
interface Remembered {
  value: unknown;
  errors: readonly ErrorItem[];
  exactness: number;
  fieldsSet: number | undefined;
}

/** Outcomes by schema and object, for the length of one run. */
export type Memory = Map<Slot, Map<unknown, Remembered>>;

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
 * Visits an object inside a union once. The members of a recursive union each descend into the
 * same parts of the input, which without memory doubles the work with every level.
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
 * Compiles a reference to a schema from inside itself. It has no quick path: the check counts
 * the depth, and refuses a value nested deeper than Pydantic's own limit.
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
