import { codePointOffset } from '#src/lib/code-points.js';
import type { ErrorItem } from './error-item.js';
import { parseExactJson } from './exact-json.js';
import { type JsonFault, locateFault, mayBeUnreadable } from './json-scanner.js';
import { messageFor } from './messages.js';

/**
 * Result of parsing. FastAPI answers too deep nesting and too long integers with status 400 and
 * `There was an error parsing the body` instead of a validation error.
 */
export type ParsedJson =
  | { value: unknown; hasBigInts?: true }
  | { error: ErrorItem }
  | { unreadable: true };

function faultItem(text: string, fault: JsonFault): ErrorItem {
  const ctx = { error: fault.error };
  return {
    type: 'json_invalid',
    loc: ['body', codePointOffset(text, fault.index)],
    msg: messageFor('json_invalid', ctx),
    input: {},
    ctx,
  };
}

/**
 * Parses JSON (RFC 8259). Errors have the wording of CPython 3.13's `json` module, and a position
 * in code points. `NaN` and infinities, which Python accepts, are errors at their position. A
 * `__proto__` key becomes an ordinary own property. Integers that are not safe become bigints; then
 * `hasBigInts` is set.
 *
 * Never throws. Takes linear time, and the stack does not grow with nesting.
 */
export function parseJson(given: string): ParsedJson {
  // Python skips a byte order mark and does not count it.
  const text = given.charCodeAt(0) === 0xfeff ? given.slice(1) : given;
  if (mayBeUnreadable(text)) {
    const fault = locateFault(text);
    if (fault === 'unreadable') return { unreadable: true };
    if (fault !== undefined) return { error: faultItem(text, fault) };
  }
  try {
    return parseExactJson(text);
  } catch {
    const fault = locateFault(text);
    if (fault === 'unreadable') return { unreadable: true };
    return { error: faultItem(text, fault ?? { error: 'Expecting value', index: 0 }) };
  }
}
