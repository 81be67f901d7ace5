import type { ErrorItem } from './error-item.js';
import { type ErrorType, messageFor } from './messages.js';
import type { Guard, Quick } from './quick.js';
import type { Memory } from './recursion.js';

/** Answer of a check that failed; its errors are in the state. */
export const FAIL: unique symbol = Symbol('fail');

/**
 * How closely an input matched, needed to choose between the members of a union
 * (pydantic-core `src/validators/union.rs`, smart mode).
 */
export const LAX = 0;
export const STRICT = 1;
export const EXACT = 2;

/** What one run of a compiled schema accumulates. */
export interface State {
  /** `loc` of each item is kept innermost first until {@link finish}: parents append, never shift. */
  errors: ErrorItem[];
  exactness: number;
  /**
   * Declared fields that were given, less the properties that were left out; undefined when no
   * model was met.
   */
  fieldsSet: number | undefined;
  /** How many recursive references are open. */
  depth: number;
  /** How many unions without a discriminator are open. */
  openUnions: number;
  memory?: Memory;
}

/** Validates and converts one value; answers {@link FAIL} after adding errors to the state. */
export type Check = (value: unknown, state: State) => unknown;

/** A compiled schema. */
export interface Node {
  check: Check;
  /** Pydantic's name for the validator: what a union puts into `loc`. */
  label: string;
  /** Code for the quick path of a value that stays as it is, see `quick.ts`. */
  guard?: Guard;
  /** The quick path of a value that is rebuilt, see `quick.ts`. */
  quick?: Quick;
}

export function newState(): State {
  return { errors: [], exactness: EXACT, fieldsSet: undefined, depth: 0, openUnions: 0 };
}

/** Adds one error at the current place. */
export function fail(
  state: State,
  type: ErrorType,
  input: unknown,
  ctx?: Record<string, unknown>,
): typeof FAIL {
  state.errors.push(
    ctx === undefined ? { type, loc: [], msg: '', input } : { type, loc: [], msg: '', input, ctx },
  );
  return FAIL;
}

/** Puts a key before the place of every error added since `from`. */
export function under(state: State, from: number, key: string | number): void {
  const { errors } = state;
  for (let index = from; index < errors.length; index += 1) errors[index]?.loc.push(key);
}

/** Notes a conversion which another member of a union may make unnecessary. */
export function lower(state: State, exactness: number): void {
  if (state.exactness > exactness) state.exactness = exactness;
}

/** Counts the fields of a model towards the match of the whole. */
export function addFields(state: State, count: number | undefined): void {
  if (count !== undefined) state.fieldsSet = (state.fieldsSet ?? 0) + count;
}

/** Turns the collected errors outermost first and gives them their texts. */
export function finish(state: State): ErrorItem[] {
  for (const item of state.errors) {
    item.loc.reverse();
    // The rule of a keyword brings its own sentence.
    if (item.msg === '') item.msg = messageFor(item.type as ErrorType, item.ctx);
  }
  return state.errors;
}

/** Whether a value is what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Sets an own property. Assigning `__proto__` would replace the prototype instead, so that one
 * name is defined.
 */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}

/** Reads an own property; inherited ones (`constructor`, `toString`) do not count as given. */
export function getOwn(source: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}
