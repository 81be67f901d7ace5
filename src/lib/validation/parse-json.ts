import { codePointOffset } from '#src/lib/code-points.js';
import type { ErrorItem } from './error-item.js';
import { type JsonFault, locateFault, MAX_DEPTH, nestsDeeperThan } from './json-scanner.js';
import { messageFor } from './messages.js';

/**
 * What a text turned out to be. `too-deep` is the body FastAPI answers with status 400 and
 * `There was an error parsing the body` instead of a validation error.
 */
export type ParsedJson = { value: unknown } | { error: ErrorItem } | { unreadable: 'too-deep' };

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
 * Parses JSON (RFC 8259) and words a failure as CPython 3.11's `json` module does, with its
 * position in code points. `NaN` and the infinities, which Python accepts, are refused where they
 * stand. A `__proto__` key is an ordinary own property of the result.
 *
 * Never throws; the time is linear in the length of the text, and the stack does not grow with
 * its depth.
 */
export function parseJson(given: string): ParsedJson {
  // Python skips a byte order mark and does not count it.
  const text = given.charCodeAt(0) === 0xfeff ? given.slice(1) : given;
  if (nestsDeeperThan(text, MAX_DEPTH)) {
    const fault = locateFault(text);
    return fault === undefined || fault === 'too-deep'
      ? { unreadable: 'too-deep' }
      : { error: faultItem(text, fault) };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const fault = locateFault(text);
    if (fault === 'too-deep') return { unreadable: 'too-deep' };
    return { error: faultItem(text, fault ?? { error: 'Expecting value', index: 0 }) };
  }
}
