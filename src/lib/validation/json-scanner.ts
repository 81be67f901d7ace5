import { MAX_DIGITS } from './numbers.js';

/** A JSON syntax error, and its index in UTF-16 units. */
export interface JsonFault {
  error: string;
  index: number;
}

/** CPython's recursion limit of 1000, minus the frames on FastAPI's stack when it parses a body. */
export const MAX_DEPTH = 960;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Whether Python may fail to read the text although it is JSON: brackets nest deeper than
 * `MAX_DEPTH`, or a number has more than `MAX_DIGITS` digits. Short texts need no scan.
 */
export function mayBeUnreadable(text: string): boolean {
  if (text.length <= MAX_DEPTH) return false;
  let depth = 0;
  let digits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= ZERO && code <= NINE) {
      digits += 1;
      if (digits > MAX_DIGITS) return true;
      continue;
    }
    digits = 0;
    if (code === QUOTE) {
      index = endOfString(text, index);
      if (index === -1) return false;
    } else if (code === OPEN_LIST || code === OPEN_MAP) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_MAP) depth -= 1;
  }
  return false;
}

/** Returns the index of the closing quote of a string, or -1. */
function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1) {
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return close;
    close = text.indexOf('"', close + 1);
  }
  return -1;
}

function skipSpace(text: string, from: number): number {
  let index = from;
  for (;;) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return index;
    index += 1;
  }
}

const HEX = /^[0-9a-fA-F]{4}$/;
const ESCAPED = '"\\/bfnrt';

/** Returns the index after a string that starts at `open`, like CPython's `scanstring_unicode`. */
function scanString(text: string, open: number): number | JsonFault {
  let index = open + 1;
  for (;;) {
    const code = text.charCodeAt(index);
    if (Number.isNaN(code)) return { error: 'Unterminated string starting at', index: open };
    if (code === QUOTE) return index + 1;
    if (code <= 0x1f) return { error: 'Invalid control character at', index };
    if (code !== BACKSLASH) {
      index += 1;
      continue;
    }
    const escaped = text.charAt(index + 1);
    if (escaped === '') return { error: 'Unterminated string starting at', index: open };
    if (escaped === 'u') {
      // Python requires one more character after the digits, and otherwise reports an invalid
      // escape.
      if (index + 6 >= text.length || !HEX.test(text.slice(index + 2, index + 6))) {
        return { error: 'Invalid \\uXXXX escape', index: index + 1 };
      }
      index += 6;
    } else {
      if (!ESCAPED.includes(escaped)) return { error: 'Invalid \\escape', index };
      index += 2;
    }
  }
}

/** Literals that Python's parser accepts; the last three are not JSON. */
const WORDS = ['null', 'true', 'false', 'NaN', 'Infinity', '-Infinity'];

const NOT_FINITE = /NaN|-?Infinity/y;

const NUMBER = /-?(?:0|([1-9]\d*))(\.\d+)?([eE][+-]?\d+)?/y;

/** Returns the index after a scalar, or why it cannot be read. */
function scanScalar(text: string, at: number): number | JsonFault | 'unreadable' {
  if (text.charCodeAt(at) === QUOTE) return scanString(text, at);
  for (const word of WORDS) {
    if (text.startsWith(word, at)) return at + word.length;
  }
  NUMBER.lastIndex = at;
  const number = NUMBER.exec(text);
  if (number === null) return { error: 'Expecting value', index: at };
  const [, digits = '', fraction = '', exponent = ''] = number;
  const isInteger = fraction + exponent === '';
  return isInteger && digits.length > MAX_DIGITS ? 'unreadable' : NUMBER.lastIndex;
}

/** Returns the index after a key and its colon. */
function scanKey(text: string, at: number): number | JsonFault {
  if (text.charCodeAt(at) !== QUOTE) {
    return { error: 'Expecting property name enclosed in double quotes', index: at };
  }
  const end = scanString(text, at);
  if (typeof end !== 'number') return end;
  const colon = skipSpace(text, end);
  if (text.charCodeAt(colon) !== COLON) return { error: "Expecting ':' delimiter", index: colon };
  return skipSpace(text, colon + 1);
}

/** Integers with fewer digits are safe. */
const FEW_DIGITS = 15;

/** Replaces the long integers of a JSON text, which stay no integers of JavaScript. */
export function replaceLongIntegers(text: string, replace: (digits: string) => string): string {
  let out = '';
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) index = endOfString(text, index);
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      NUMBER.lastIndex = index;
      const [whole = '', digits = '', fraction = '', exponent = ''] = NUMBER.exec(text) ?? [];
      if (digits.length > FEW_DIGITS && fraction + exponent === '') {
        out += text.slice(from, index) + replace(whole);
        from = index + whole.length;
      }
      index += Math.max(whole.length, 1) - 1;
    }
  }
  return out + text.slice(from);
}

/**
 * Finds the first syntax error as CPython 3.13's `Modules/_json.c` reports it; `unreadable` if
 * nesting beyond `MAX_DEPTH` or an integer of more than `MAX_DIGITS` digits comes first. Uses its
 * own stack for nesting, so depth only costs memory. If `NaN` or an infinity is the only error, its
 * first occurrence is returned.
 */
export function locateFault(text: string): JsonFault | 'unreadable' | undefined {
  const closers: number[] = [];
  let notFinite: JsonFault | undefined;
  let index = skipSpace(text, 0);
  for (;;) {
    const code = text.charCodeAt(index);
    if (code === OPEN_LIST || code === OPEN_MAP) {
      const closer = code === OPEN_LIST ? CLOSE_LIST : CLOSE_MAP;
      if (closers.length >= MAX_DEPTH) return 'unreadable';
      index = skipSpace(text, index + 1);
      if (text.charCodeAt(index) === closer) index += 1;
      else {
        closers.push(closer);
        const start = closer === CLOSE_MAP ? scanKey(text, index) : index;
        if (typeof start !== 'number') return start;
        index = start;
        continue;
      }
    } else {
      const end = scanScalar(text, index);
      if (typeof end !== 'number') return end;
      NOT_FINITE.lastIndex = index;
      if (NOT_FINITE.test(text)) notFinite ??= { error: 'Expecting value', index };
      index = end;
    }
    const next = afterValue(text, index, closers);
    if (typeof next !== 'number') return next;
    index = next;
    if (index === -1) return notFinite;
  }
}

/** Closes containers after a value; returns the start of the next value, or -1 at the end. */
function afterValue(text: string, from: number, closers: number[]): number | JsonFault {
  let index = skipSpace(text, from);
  for (;;) {
    const closer = closers.at(-1);
    if (closer === undefined) {
      return index === text.length ? -1 : { error: 'Extra data', index };
    }
    const code = text.charCodeAt(index);
    if (code === closer) {
      closers.pop();
      index = skipSpace(text, index + 1);
    } else if (code === COMMA) {
      const start = skipSpace(text, index + 1);
      if (text.charCodeAt(start) === closer) {
        const container = closer === CLOSE_MAP ? 'object' : 'array';
        return { error: `Illegal trailing comma before end of ${container}`, index };
      }
      return closer === CLOSE_MAP ? scanKey(text, start) : start;
    } else return { error: "Expecting ',' delimiter", index };
  }
}
