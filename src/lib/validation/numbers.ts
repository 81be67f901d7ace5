import { type Check, FAIL, fail, LAX, lower, type Node, STRICT, type State } from './node.js';
import type { JsonSchema } from './schema.js';

/** CPython refuses to convert longer texts, see PEP 467's follow-up, CVE-2020-10735. */
const MAX_INT_TEXT = 4300;

const PLAIN_INT = /^[+-]?\d+(?:_\d+)*$/;
const ZERO_FRACTION = /^([^.]+)\.0+$/;
const INFINITE = /^[+-]?(?:inf|infinity|nan)$/i;
const PLAIN_FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const GROUPED = /^[^_].*[^_]$/;

/** The number a text stands for, or why it stands for none. */
export type ParsedNumber = number | 'parsing' | 'size';

/**
 * Reads an integer as Pydantic's lax mode does (pydantic-core `src/input/shared.rs`): surrounding
 * space, a plus sign, leading zeros, `_` between digits and a fraction of zeros are accepted.
 */
export function parseIntText(text: string): ParsedNumber {
  const trimmed = text.trim();
  if (trimmed.length > MAX_INT_TEXT) return 'size';
  const whole = ZERO_FRACTION.exec(trimmed)?.[1] ?? trimmed;
  if (!PLAIN_INT.test(whole)) return 'parsing';
  const value = Number(whole.replaceAll('_', ''));
  if (!Number.isFinite(value)) return 'size';
  return value === 0 ? 0 : value;
}

/** Reads a float as Rust's `str::parse::<f64>` does, with `_` between digits. */
export function parseFloatText(text: string): ParsedNumber {
  let trimmed = text.trim();
  if (trimmed.includes('_') && GROUPED.test(trimmed) && !trimmed.includes('__')) {
    trimmed = trimmed.replaceAll('_', '');
  }
  if (PLAIN_FLOAT.test(trimmed)) return Number(trimmed);
  if (!INFINITE.test(trimmed)) return 'parsing';
  if (/nan$/i.test(trimmed)) return Number.NaN;
  return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Limits in the order Pydantic tests them. */
function limitsOf(schema: JsonSchema, isMultiple: (value: number, of: number) => boolean) {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema;
  const constrained = [multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum].some(
    (limit) => limit !== undefined,
  );
  if (!constrained) return undefined;
  const multiple = multipleOf ?? 1;
  const le = maximum ?? Number.POSITIVE_INFINITY;
  const lt = exclusiveMaximum ?? Number.POSITIVE_INFINITY;
  const ge = minimum ?? Number.NEGATIVE_INFINITY;
  const gt = exclusiveMinimum ?? Number.NEGATIVE_INFINITY;
  return (number: number, input: unknown, state: State): unknown => {
    if (multipleOf !== undefined && !isMultiple(number, multiple)) {
      return fail(state, 'multiple_of', input, { multiple_of: multipleOf });
    }
    if (number > le) return fail(state, 'less_than_equal', input, { le });
    if (number >= lt && exclusiveMaximum !== undefined) {
      return fail(state, 'less_than', input, { lt });
    }
    if (number < ge) return fail(state, 'greater_than_equal', input, { ge });
    if (number <= gt && exclusiveMinimum !== undefined) {
      return fail(state, 'greater_than', input, { gt });
    }
    return number;
  };
}

/** Converts to an integer by the lax rules, or adds the error. */
export function toInteger(value: unknown, state: State): number | typeof FAIL {
  if (typeof value === 'number') {
    if (Number.isInteger(value)) {
      // JSON.parse does not tell 1e20 from its digits; Pydantic refuses such a float because it
      // leaves 64 bits, and every number this large has lost digits here anyway.
      return Math.abs(value) <= 2 ** 63 ? value : fail(state, 'int_parsing_size', value);
    }
    return fail(state, Number.isFinite(value) ? 'int_from_float' : 'finite_number', value);
  }
  if (typeof value === 'string') {
    const parsed = parseIntText(value);
    if (parsed === 'parsing') return fail(state, 'int_parsing', value);
    if (parsed === 'size') return fail(state, 'int_parsing_size', value);
    lower(state, LAX);
    return parsed;
  }
  if (typeof value === 'boolean') {
    lower(state, LAX);
    return value ? 1 : 0;
  }
  return fail(state, 'int_type', value);
}

/** Converts to a number by the lax rules, or adds the error. */
export function toNumber(value: unknown, state: State): number | typeof FAIL {
  let number: number;
  if (typeof value === 'number') {
    if (Number.isInteger(value)) lower(state, STRICT);
    number = value;
  } else if (typeof value === 'string') {
    const parsed = parseFloatText(value);
    if (typeof parsed === 'string') return fail(state, 'float_parsing', value);
    lower(state, LAX);
    number = parsed;
  } else if (typeof value === 'boolean') {
    lower(state, LAX);
    number = value ? 1 : 0;
  } else return fail(state, 'float_type', value);
  // JSON has no infinity and no NaN, so a number that cannot be answered is not accepted.
  return Number.isFinite(number) ? number : fail(state, 'finite_number', value);
}

/** Compiles `type: integer`. */
export function integerNode(schema: JsonSchema): Node {
  const limits = limitsOf(schema, (value, of) => value % of === 0);
  if (limits === undefined) return { check: toInteger, label: 'int' };
  const check: Check = (value, state) => {
    const number = toInteger(value, state);
    return number === FAIL ? FAIL : limits(number, value, state);
  };
  return { check, label: 'constrained-int' };
}

/** Compiles `type: number`. */
export function numberNode(schema: JsonSchema): Node {
  // Tolerance of pydantic-core `src/validators/float.rs`: 0.3 is a multiple of 0.1.
  const limits = limitsOf(schema, (value, of) => {
    const rest = Math.abs(value % of);
    const tolerance = Math.abs(value) / 1e9;
    return rest <= tolerance || Math.abs(rest - of) <= tolerance;
  });
  if (limits === undefined) return { check: toNumber, label: 'float' };
  const check: Check = (value, state) => {
    const number = toNumber(value, state);
    return number === FAIL ? FAIL : limits(number, value, state);
  };
  return { check, label: 'constrained-float' };
}

const TRUE_TEXT = new Set(['1', 't', 'y', 'on', 'yes', 'true']);
const FALSE_TEXT = new Set(['0', 'f', 'n', 'no', 'off', 'false']);
const ASCII_WORD = /^[01A-Za-z]{1,5}$/;

function toBoolean(value: unknown, state: State): boolean | typeof FAIL {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    lower(state, LAX);
    const word = ASCII_WORD.test(value) ? value.toLowerCase() : '';
    if (TRUE_TEXT.has(word)) return true;
    return FALSE_TEXT.has(word) ? false : fail(state, 'bool_parsing', value);
  }
  if (typeof value === 'number') {
    lower(state, LAX);
    if (value === 1) return true;
    if (value === 0) return false;
    return fail(state, Number.isInteger(value) ? 'bool_parsing' : 'bool_type', value);
  }
  return fail(state, 'bool_type', value);
}

/** Compiles `type: boolean`. */
export function booleanNode(): Node {
  return { check: toBoolean, label: 'bool' };
}

/** Compiles `type: null`. */
export function nullNode(): Node {
  return {
    check: (value, state) => (value === null ? null : fail(state, 'none_required', value)),
    label: 'none',
  };
}

/** Compiles a schema without constraints. */
export function anyNode(): Node {
  return {
    check: (value, state) => {
      lower(state, STRICT);
      return value;
    },
    label: 'any',
  };
}
