import {
  type Check,
  FAIL,
  fail,
  isObject,
  lower,
  type Node,
  STRICT,
  type State,
  under,
} from './node.js';
import { lossy } from './strings.js';

/** Adds an error for each string within a value, and each name, that is not valid Unicode. */
function refuseSurrogates(value: unknown, state: State): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) fail(state, 'string_unicode', value);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const before = state.errors.length;
      refuseSurrogates(item, state);
      under(state, before, index);
    }
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      const before = state.errors.length;
      checkName(name, state);
      refuseSurrogates(item, state);
      under(state, before, lossy(name));
    }
  }
}

/** Adds an error if the name of a property is not valid Unicode; its location lacks the name. */
export function checkName(name: string, state: State): void {
  if (name.isWellFormed()) return;
  fail(state, 'string_unicode', name);
  under(state, state.errors.length - 1, '[key]');
}

/** Check of an item without constraints. Leaves the exactness of the match as it is. */
export const checkAnyItem: Check = (value, state) => {
  const before = state.errors.length;
  refuseSurrogates(value, state);
  return state.errors.length > before ? FAIL : value;
};

/** Check of a schema without constraints. */
export const checkAny: Check = (value, state) => {
  lower(state, STRICT);
  return checkAnyItem(value, state);
};

/** Compiles a schema without constraints, which accepts any JSON of valid Unicode. */
export function anyNode(): Node {
  return { check: checkAny, label: 'any' };
}
