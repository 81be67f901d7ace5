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
const ZEROS_MINUS = /^\+?0[0_]*(-_?(?:0|[1-9](?:_?\d)*))$/;
const ZERO_FRACTION = /^([^.]+)\.0+$/;
const INFINITE = /^[+-]?(?:inf|infinity|nan)$/i;
const PLAIN_FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const GROUPED = /^[^_].*[^_]$/;

/** A JSON number without loss: an integer that is not safe is a bigint. */
export type Exact = number | bigint;

/** Integers of 64 bits, which Pydantic treats unlike larger ones. */
const INT64 = 2 ** 63;

/** Rust's `trim`, which knows other spaces than JavaScript's. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start += 1;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const WHITE_SPACE = /\p{White_Space}/u;

/**
 * Parses an integer like Pydantic's lax mode (pydantic-core `src/input/shared.rs`): surrounding
 * whitespace, a plus sign, leading zeros, `_` between digits and a fraction of zeros are accepted.
 */
export function parseIntText(text: string): Exact | 'parsing' | 'size' {
  // Fast path for almost all requests.
  if (FEW_DIGITS.test(text)) return Number(text);
  // Whatever follows, too many digits at the start are a matter of size.
  if ((DIGITS.exec(text)?.[1]?.length ?? 0) > MAX_DIGITS) return 'size';
  const trimmed = trimSpaces(text);
  const whole = ZERO_FRACTION.exec(trimmed)?.[1] ?? trimmed;
  // Pydantic drops leading zeros, and then reads what is left with its own sign.
  const rest = ZEROS_MINUS.exec(whole)?.[1];
  if (rest === undefined && !PLAIN_INT.test(whole)) return 'parsing';
  const plain = (rest ?? whole).replaceAll('_', '');
  // Pydantic parses a second time without spaces, zeros and `_`, and then only says that it fails.
  if (plain.replace(/^[+-]?0*/, '').length > MAX_DIGITS) return 'parsing';
  const value = Number(plain);
  if (!Number.isSafeInteger(value)) return BigInt(plain.replace('+', ''));
  return value === 0 ? 0 : value;
}

/** Parses a float like Rust's `str::parse::<f64>`, with `_` between digits. */
export function parseFloatText(text: string): number | 'parsing' {
  let trimmed = trimSpaces(text);
  // With `_`, Pydantic allows no spaces around.
  if (trimmed === text && GROUPED.test(text) && !text.includes('__')) {
    trimmed = text.replaceAll('_', '');
  }
  if (PLAIN_FLOAT.test(trimmed)) return Number(trimmed);
  if (!INFINITE.test(trimmed)) return 'parsing';
  if (/nan$/i.test(trimmed)) return Number.NaN;
  return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Returns a check of all limits in Pydantic's order, or undefined without limits. */
function limitsOf(schema: JsonSchema, isMultiple: (value: Exact, of: number) => boolean) {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema;
  const constrained = [multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum].some(
    (limit) => limit !== undefined,
  );
  if (!constrained) return undefined;
  // Comparisons are negated, so NaN fails every limit.
  return (number: Exact, input: unknown, state: State): unknown => {
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

/** Converts to an integer in lax mode, or adds an error. */
function readInteger(value: unknown, state: State): Exact | typeof FAIL {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') {
    if (Number.isInteger(value)) {
      // A float, such as 1e20, if it is not safe.
      return Math.abs(value) < INT64 ? value : fail(state, 'int_parsing_size', value);
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
  } else if (typeof value === 'bigint') {
    lower(state, STRICT);
    number = Number(value);
    if (!Number.isFinite(number)) return fail(state, 'float_type', value);
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
    const conditions = [`!Number.${test}(${value})`];
    for (const [operator, limit] of limits) {
      if (limit !== undefined) conditions.push(`${value} ${operator} ${bindings.bind(limit)}`);
    }
    if (schema.multipleOf !== undefined) {
      const of = bindings.bind(schema.multipleOf);
      conditions.push(`${value} % ${of} !== 0`, `!${bindings.bind(isMultipleOf)}(${value}, ${of})`);
    }
    return conditions.join(' || ');
  };
}

/** Compiles a number that must be finite, because JSON cannot represent infinity and NaN. */
function finiteNode(
  label: string,
  read: (value: unknown, state: State) => Exact | typeof FAIL,
  limits: ReturnType<typeof limitsOf>,
  guard: Guard,
): Node {
  const check: Check = (value, state) => {
    const number = read(value, state);
    if (number === FAIL) return FAIL;
    if (limits !== undefined && limits(number, value, state) === FAIL) return FAIL;
    const double = Number(number);
    if (!Number.isFinite(double)) {
      return fail(state, typeof number === 'bigint' ? 'int_parsing_size' : 'finite_number', value);
    }
    // The digits of a text are not needed any more.
    return typeof value === 'string' ? double : number;
  };
  return { check, label: limits === undefined ? label : `constrained-${label}`, guard };
}

/** Compiles `type: integer`. A JSON integer that is not safe stays a bigint. */
export function integerNode(schema: JsonSchema): Node {
  const limits = limitsOf(schema, (value, of) =>
    typeof value === 'bigint' ? value % BigInt(of) === 0n : value % of === 0,
  );
  return finiteNode('int', readInteger, limits, guardOf('isSafeInteger', schema));
}

/** Same tolerance as pydantic-core's `src/validators/float.rs`: 0.3 is a multiple of 0.1. */
function isMultipleOf(value: number, of: number): boolean {
  const times = value / of;
  const rounded = Math.sign(times) * Math.round(Math.abs(times));
  return !(Math.abs(value - rounded * of) > 1e-9);
}

/** Compiles `type: number`. */
export function numberNode(schema: JsonSchema): Node {
  const limits = limitsOf(schema, (exact, of) => isMultipleOf(Number(exact), of));
  return finiteNode('float', readNumber, limits, guardOf('isFinite', schema));
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
    const isInteger = Number.isInteger(value) && Math.abs(value) < INT64;
    return fail(state, isInteger ? 'bool_parsing' : 'bool_type', value);
  }
  if (typeof value === 'bigint') {
    const isShort = BigInt.asIntN(64, value) === value;
    return fail(state, isShort ? 'bool_parsing' : 'bool_type', value);
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
