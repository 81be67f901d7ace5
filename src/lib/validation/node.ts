import type { ErrorItem } from './error-item.js';
import { type ErrorType, messageFor } from './messages.js';

/** Result of a failed check; the errors are in the state. */
export const FAIL: unique symbol = Symbol('fail');

/**
 * How exactly an input matched, which decides between members of a union (smart mode of
 * pydantic-core's `src/validators/union.rs`).
 */
export const LAX = 0;
export const STRICT = 1;
export const EXACT = 2;

/** The state of one validation run. */
export interface State {
  /**
   * Errors so far. Each `loc` is innermost first until {@link finish}, so that parents can append.
   */
  errors: ErrorItem[];
  exactness: number;
  /**
   * Number of declared fields that were sent, minus omitted properties; undefined without a model.
   */
  fieldsSet: number | undefined;
  /** Number of open recursive references. */
  depth: number;
  /** Number of open unions without a discriminator. */
  openUnions: number;
  /** Whether the value is a body that is not JSON, which is bytes to Pydantic. */
  isBytes?: boolean;
  memory?: Memory;
}

/**
 * The quick path. In most requests, all values are valid and already have the right type. For
 * these, generated code converts without bookkeeping, and returns `FAIL` for anything else. The
 * quick path never reports errors: after `FAIL` the full checks, which know every conversion and
 * error, start over, so the two cannot disagree.
 */
export type Quick = (value: unknown) => unknown;

/** Gives the values that generated code refers to a name, never one from a schema. */
export interface Binder {
  /** Binds a value and returns its name in the code. */
  bind(value: unknown): string;
}

/**
 * Returns code of a condition that is true if a value needs the full check; other values stay
 * unchanged.
 */
export type Guard = (value: string, bindings: Binder) => string;

/** Validates and converts a value. On failure adds errors to the state and returns {@link FAIL}. */
export type Check = (value: unknown, state: State) => unknown;

/** A compiled schema. */
export interface Node {
  check: Check;
  /** Pydantic's name of the validator, which unions add to `loc`. */
  label: string;
  /** Quick path for a value that is returned unchanged, see `quick.ts`. */
  guard?: Guard;
  /** Quick path for a value that is rebuilt, see `quick.ts`. */
  quick?: Quick;
}

/** Receives the node of a schema under compilation, for references within the schema. */
export interface Slot {
  node: Node | undefined;
}

/** The result of an object under one schema. */
export interface Remembered {
  value: unknown;
  errors: readonly ErrorItem[];
  exactness: number;
  fieldsSet: number | undefined;
}

/** Results by schema and object, during one run. */
export type Memory = Map<Slot, Map<unknown, Remembered>>;

export function newState(): State {
  return { errors: [], exactness: EXACT, fieldsSet: undefined, depth: 0, openUnions: 0 };
}

/** Adds an error at the current location and returns {@link FAIL}. */
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

/** Prefixes a key to the location of every error added since `from`. */
export function under(state: State, from: number, key: string | number): void {
  const { errors } = state;
  for (let index = from; index < errors.length; index += 1) errors[index]?.loc.push(key);
}

/** Records a conversion; another member of a union may match without it. */
export function lower(state: State, exactness: number): void {
  if (state.exactness > exactness) state.exactness = exactness;
}

/** Counts a model's fields towards the match. */
export function addFields(state: State, count: number | undefined): void {
  if (count !== undefined) state.fieldsSet = (state.fieldsSet ?? 0) + count;
}

/** Completes the errors: puts each `loc` in outermost-first order, and adds the messages. */
export function finish(state: State): ErrorItem[] {
  for (const item of state.errors) {
    item.loc.reverse();
    // Custom keywords provide their own message.
    if (item.msg === '') item.msg = messageFor(item.type as ErrorType, item.ctx);
  }
  return state.errors;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Sets an own property. `__proto__` is defined, because assigning it would replace the prototype.
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

/** Returns an own property, ignoring inherited ones such as `constructor`. */
export function getOwn(source: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}
