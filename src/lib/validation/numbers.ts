import {
  type Check,
  FAIL,
  fail,
  type Guard,
  LAX,
  lower,
  type Node,
  STRICT,
  type State,
} from './node.js';
import type { JsonSchema } from './schema.js';

/** Maximum number of digits of an integer in CPython (CVE-2020-10735), and so in Pydantic. */
export const MAX_DIGITS = 4300;

const FEW_DIGITS = /^\d{1,15}$/;
const DIGITS = /^-?([1-9]\d*)/;
const PLAIN_INT = /^[+-]?(?:0(?:[0_]*0)?|(?:0[0_]*)?[1-9]\d*(?:_\d+)*)$/;
const ZERO_FRACTION = /^([^.]+)\.0+$/;
const INFINITE = /^[+-]?(?:inf|infinity|nan)$/i;
const PLAIN_FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const GROUPED = /^[^_].*[^_]$/;

/** The parsed number, or the kind of error. */
export type ParsedNumber = number | 'parsing' | 'size';

/**
 * Parses an integer like Pydantic's lax mode (pydantic-core `src/input/shared.rs`): surrounding
 * whitespace, a plus sign, leading zeros, `_` between digits and a fraction of zeros are accepted.
 */
export function parseIntText(text: string): ParsedNumber {
  // Fast path for almost all requests.
  if (FEW_DIGITS.test(text)) return Number(text);
  // Whatever follows, too many digits at the start are a matter of size.
  if ((DIGITS.exec(text)?.[1]?.length ?? 0) > MAX_DIGITS) return 'size';
  const trimmed = text.trim();
  const whole = ZERO_FRACTION.exec(trimmed)?.[1] ?? trimmed;
  if (!PLAIN_INT.test(whole)) return 'parsing';
  const plain = whole.replaceAll('_', '');
  // Pydantic parses a second time without spaces, zeros and `_`, and then only says that it fails.
  if (plain.replace(/^[+-]?0*/, '').length > MAX_DIGITS) return 'parsing';
  const value = Number(plain);
  return value === 0 ? 0 : value;
}

/** Parses a float like Rust's `str::parse::<f64>`, with `_` between digits. */
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

/** Returns a check of all limits in Pydantic's order, or undefined without limits. */
function limitsOf(schema: JsonSchema, isMultiple: (value: number, of: number) => boolean) {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema;
  const constrained = [multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum].some(
    (limit) => limit !== undefined,
  );
  if (!constrained) return undefined;
  // Comparisons are negated, so NaN fails every limit.
  return (number: number, input: unknown, state: State): unknown => {
    if (multipleOf !== undefined && !isMultiple(number, multipleOf)) {
      return fail(state, 'multiple_of', input, { multiple_of: multipleOf });
    }
    if (maximum !== undefined && !(number <= maximum)) {
      return fail(state, 'less_than_equal', input, { le: maximum });
    }
    if (exclusiveMaximum !== undefined && !(number < exclusiveMaximum)) {
      return fail(state, 'less_than', input, { lt: exclusiveMaximum });
    }
    if (minimum !== undefined && !(number >= minimum)) {
      return fail(state, 'greater_than_equal', input, { ge: minimum });
    }
    if (exclusiveMinimum !== undefined && !(number > exclusiveMinimum)) {
      return fail(state, 'greater_than', input, { gt: exclusiveMinimum });
    }
    return number;
  };
}

/**
 * Converts to an integer in lax mode, or adds an error. The result of a long string may be
 * infinite.
 */
function readInteger(value: unknown, state: State): number | typeof FAIL {
  if (typeof value === 'number') {
    if (Number.isInteger(value)) {
      // After JSON.parse, 1e20 looks like an integer. Pydantic rejects a float beyond 64 bits, and
      // integers this large have already lost digits.
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

/** Converts to a number in lax mode, or adds an error. The result may not be finite. */
function readNumber(value: unknown, state: State): number | typeof FAIL {
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
  return number;
}

/**
 * Quick path for a JSON number within the limits; strict on `multipleOf`, so values within a
 * float's tolerance are left to the check.
 */
function guardOf(test: 'isSafeInteger' | 'isFinite', schema: JsonSchema): Guard {
  const limits: (readonly [string, number | undefined])[] = [
    ['>', schema.maximum],
    ['>=', schema.exclusiveMaximum],
    ['<', schema.minimum],
    ['<=', schema.exclusiveMinimum],
  ];
  return (value, bindings) => {
    const conditions = [`!${bindings.bind(Number[test])}(${value})`];
    for (const [operator, limit] of limits) {
      if (limit !== undefined) conditions.push(`${value} ${operator} ${bindings.bind(limit)}`);
    }
    if (schema.multipleOf !== undefined) {
      conditions.push(`${value} % ${bindings.bind(schema.multipleOf)} !== 0`);
    }
    return conditions.join(' || ');
  };
}

/** Compiles a number that must be finite, because JSON cannot represent infinity and NaN. */
function finiteNode(
  label: string,
  error: 'int_parsing_size' | 'finite_number',
  read: (value: unknown, state: State) => number | typeof FAIL,
  limits: ReturnType<typeof limitsOf>,
  guard: Guard,
): Node {
  const check: Check = (value, state) => {
    const number = read(value, state);
    if (number === FAIL) return FAIL;
    if (limits !== undefined && limits(number, value, state) === FAIL) return FAIL;
    return Number.isFinite(number) ? number : fail(state, error, value);
  };
  return { check, label: limits === undefined ? label : `constrained-${label}`, guard };
}

/** Compiles `type: integer`. */
export function integerNode(schema: JsonSchema): Node {
  const limits = limitsOf(schema, (value, of) => value % of === 0);
  return finiteNode(
    'int',
    'int_parsing_size',
    readInteger,
    limits,
    guardOf('isSafeInteger', schema),
  );
}

/** Compiles `type: number`. */
export function numberNode(schema: JsonSchema): Node {
  // Same tolerance as pydantic-core's `src/validators/float.rs`: 0.3 is a multiple of 0.1.
  const limits = limitsOf(schema, (value, of) => {
    const rest = Math.abs(value % of);
    const tolerance = Math.abs(value) / 1e9;
    return !(rest > tolerance && Math.abs(rest - of) > tolerance);
  });
  return finiteNode('float', 'finite_number', readNumber, limits, guardOf('isFinite', schema));
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
  return { check: toBoolean, label: 'bool', guard: (value) => `typeof ${value} !== 'boolean'` };
}

/** Compiles `type: null`. */
export function nullNode(): Node {
  return {
    check: (value, state) => (value === null ? null : fail(state, 'none_required', value)),
    label: 'none',
    guard: (value) => `${value} !== null`,
  };
}
