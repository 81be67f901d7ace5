import { isAtLeast, isAtMost } from '#src/lib/code-points.js';
import { type Check, fail, type Guard, LAX, lower, type Node } from './node.js';
import { compilePattern } from './pattern.js';
import type { JsonSchema } from './schema.js';

/**
 * Adds the check that a string is valid Unicode. An escape in JSON can make a surrogate without its
 * other half, which neither UTF-8 nor the database can represent.
 *
 * A guard of the node must not accept such a string.
 */
export function unicodeNode(node: Node): Node {
  const { check } = node;
  return {
    ...node,
    check: (value, state) =>
      typeof value === 'string' && !value.isWellFormed()
        ? fail(state, 'string_unicode', value)
        : check(value, state),
  };
}

/** Returns a name as Python writes it in UTF-8: each lone surrogate is three invalid bytes. */
export function lossy(name: string): string {
  return name.isWellFormed() ? name : name.replaceAll(/\p{Surrogate}/gu, '\ufffd'.repeat(3));
}

/** Compiles `type: string` without a format: no trimming, no conversion of other types. */
export function stringNode(schema: JsonSchema): Node {
  const { minLength, maxLength, pattern } = schema;
  if (minLength === undefined && maxLength === undefined && pattern === undefined) {
    return {
      check: (value, state) => {
        if (typeof value !== 'string') return fail(state, 'string_type', value);
        if (state.isBytes === true) lower(state, LAX);
        return value;
      },
      label: 'str',
      guard: (value) => `typeof ${value} !== 'string' || !${value}.isWellFormed()`,
    };
  }
  const min = minLength ?? 0;
  const max = maxLength ?? Number.POSITIVE_INFINITY;
  const regexp = pattern === undefined ? undefined : compilePattern(pattern);
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'string_type', value);
    if (state.isBytes === true) lower(state, LAX);
    if (min > 0 && !isAtLeast(value, min)) {
      return fail(state, 'string_too_short', value, { min_length: min });
    }
    if (!isAtMost(value, max)) return fail(state, 'string_too_long', value, { max_length: max });
    if (regexp !== undefined && !regexp.test(value)) {
      return fail(state, 'string_pattern_mismatch', value, { pattern });
    }
    return value;
  };
  const guard: Guard = (value, bindings) => {
    const conditions = [`typeof ${value} !== 'string'`, `!${value}.isWellFormed()`];
    // A string has at most as many code points as UTF-16 units, and at least half as many.
    if (min === 1) conditions.push(`${value} === ''`);
    else if (min > 1)
      conditions.push(`!${bindings.bind(isAtLeast)}(${value}, ${bindings.bind(min)})`);
    if (maxLength !== undefined) conditions.push(`${value}.length > ${bindings.bind(max)}`);
    if (regexp !== undefined) conditions.push(`!${bindings.bind(regexp)}.test(${value})`);
    return conditions.join(' || ');
  };
  return { check, label: 'constrained-str', guard };
}

/** Compiles binary content, which is any string in JSON and queries; lengths are in bytes. */
export function bytesNode(schema: JsonSchema): Node {
  const { minLength, maxLength } = schema;
  const constrained = minLength !== undefined || maxLength !== undefined;
  const check: Check = (value, state) => {
    if (typeof value !== 'string' && !isFileLike(value)) return fail(state, 'bytes_type', value);
    lower(state, LAX);
    if (constrained && typeof value === 'string') {
      const length = Buffer.byteLength(value);
      if (minLength !== undefined && length < minLength) {
        return fail(state, 'bytes_too_short', value, { min_length: minLength });
      }
      if (maxLength !== undefined && length > maxLength) {
        return fail(state, 'bytes_too_long', value, { max_length: maxLength });
      }
    }
    return value;
  };
  return { check, label: constrained ? 'constrained-bytes' : 'bytes' };
}

/** Whether a value is an uploaded file; multipart parsers represent files as objects. */
export function isFileLike(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    ('filename' in value || 'stream' in value || Buffer.isBuffer(value))
  );
}

/** Compiles a file field of a form: files pass unchanged, strings are rejected as in FastAPI. */
export function fileNode(): Node {
  const check: Check = (value, state) => {
    if (typeof value === 'string') return fail(state, 'value_error', value, { error: {} });
    return value;
  };
  return { check, label: 'is-instance[UploadFile]' };
}
