import { checkName } from './any.js';
import { defaultMaker } from './defaults.js';
import {
  addFields,
  type Check,
  FAIL,
  fail,
  getOwn,
  isObject,
  lower,
  type Node,
  STRICT,
  type State,
  setOwn,
  under,
} from './node.js';
import { modelQuick } from './quick.js';
import { lossy } from './strings.js';

/** A property of a model. */
export interface Field {
  key: string;
  node: Node;
  required: boolean;
  /** Set if the property has a `default`. */
  makeDefault?: () => unknown;
}

/** How undeclared properties are handled: dropped, rejected, or validated. */
export type Extras = 'drop' | 'forbid' | Node;

/** Validates undeclared properties whose name matches. */
export interface PatternRule {
  regexp: RegExp;
  node: Node;
}

export interface SizeLimits {
  min: number;
  max: number;
}

/**
 * Returns a field. A property with a `default` is never required, even if listed in `required` as
 * TypeBox does. An omitted property without a default stays absent.
 */
export function makeField(
  key: string,
  node: Node,
  required: boolean,
  schema: { readonly default?: unknown },
): Field {
  if (schema.default === undefined) return { key, node, required };
  return { key, node, required: false, makeDefault: defaultMaker(schema.default) };
}

/** Checks the number of properties; adds an error and returns false if outside the limits. */
function checkSize(count: number, size: SizeLimits, input: unknown, state: State): boolean {
  if (count < size.min) {
    const ctx = { field_type: 'Dictionary', min_length: size.min, actual_length: count };
    fail(state, 'too_short', input, ctx);
    return false;
  }
  if (count > size.max) {
    tooManyProperties(size, input, state);
    return false;
  }
  return true;
}

/** Pydantic stops at the first property too many, and does not say how many there are. */
function tooManyProperties({ max }: SizeLimits, input: unknown, state: State): typeof FAIL {
  const ctx = { field_type: 'Dictionary', max_length: max, actual_length: null };
  return fail(state, 'too_long', input, ctx);
}

const isInherited = (key: string): boolean => key in Object.prototype;

/**
 * Compiles an object with declared `properties` as Pydantic's model: declared fields in the order
 * of the schema, then the rest of the input.
 */
export function modelNode(
  label: string,
  fields: readonly Field[],
  extras: Extras,
  patterns: readonly PatternRule[],
  size?: SizeLimits,
): Node {
  const declared = new Set(fields.map((field) => field.key));
  const readsOwn = fields.some((field) => isInherited(field.key));
  const keepsExtras = extras !== 'drop' || patterns.length > 0;

  const checkExtra = (
    key: string,
    value: unknown,
    out: Record<string, unknown>,
    state: State,
  ): void => {
    const node = patterns.find((rule) => rule.regexp.test(key))?.node ?? extras;
    if (node === 'drop') return;
    if (!key.isWellFormed()) {
      fail(state, 'string_unicode', key);
      return;
    }
    const from = state.errors.length;
    if (node === 'forbid') fail(state, 'extra_forbidden', value);
    else {
      const converted = node.check(value, state);
      if (converted !== FAIL) setOwn(out, key, converted);
    }
    under(state, from, key);
  };

  const check: Check = (input, state) => {
    if (!isObject(input)) return fail(state, 'model_attributes_type', input);
    const start = state.errors.length;
    const out: Record<string, unknown> = {};
    let given = 0;
    for (const field of fields) {
      const { key } = field;
      const value = readsOwn ? getOwn(input, key) : input[key];
      if (value === undefined) {
        if (field.required) {
          fail(state, 'missing', input);
          under(state, state.errors.length - 1, key);
        } else if (field.makeDefault !== undefined) setOwn(out, key, field.makeDefault());
        continue;
      }
      given += 1;
      const from = state.errors.length;
      const converted = field.node.check(value, state);
      if (converted === FAIL) under(state, from, key);
      else if (readsOwn) setOwn(out, key, converted);
      else out[key] = converted;
    }
    if (keepsExtras) {
      for (const key of Object.keys(input)) {
        if (!declared.has(key)) checkExtra(key, input[key], out, state);
      }
    }
    if (state.errors.length > start) return FAIL;
    if (size !== undefined && !checkSize(Object.keys(input).length, size, input, state)) {
      return FAIL;
    }
    // A model is never an exact match. In a union, more declared fields make a better match, and
    // dropped properties a worse one.
    lower(state, STRICT);
    const isPartial = !keepsExtras && state.openUnions > 0;
    const leftOut = isPartial ? Object.keys(input).length - given : 0;
    addFields(state, given - leftOut);
    return out;
  };
  const node: Node = { check, label };
  const isPlain = !readsOwn && patterns.length === 0 && size === undefined;
  if (isPlain && (extras === 'drop' || extras === 'forbid')) {
    node.quick = modelQuick(fields, extras === 'forbid');
  }
  return node;
}

/** Compiles a map from names to values as Pydantic's `dict[str, X]`. */
export function dictNode(key: Node | undefined, item: Node, size?: SizeLimits): Node {
  const check: Check = (input, state) => {
    if (!isObject(input)) return fail(state, 'dict_type', input);
    const start = state.errors.length;
    const out: Record<string, unknown> = {};
    const names = Object.keys(input);
    let valid = 0;
    for (const name of names) {
      const from = state.errors.length;
      checkName(name, state);
      if (key !== undefined && name.isWellFormed() && key.check(name, state) === FAIL) {
        under(state, from, '[key]');
      }
      const converted = item.check(input[name], state);
      if (state.errors.length > from) under(state, from, lossy(name));
      else {
        valid += 1;
        if (size !== undefined && valid > size.max) {
          state.errors.length = start;
          return tooManyProperties(size, input, state);
        }
        setOwn(out, name, converted);
      }
    }
    if (state.errors.length > start) return FAIL;
    if (size !== undefined && !checkSize(names.length, size, input, state)) return FAIL;
    return out;
  };
  return { check, label: `dict[${key?.label ?? 'str'},${item.label}]` };
}
