import { type Check, fail, LAX, lower, type Node } from './node.js';

const ISO =
  /^[+-]?P(?=.)(?:\d{1,9}(?:\.\d+)?Y)?(?:\d{1,9}(?:\.\d+)?M)?(?:\d{1,9}(?:\.\d+)?W)?(?:\d{1,9}(?:\.\d+)?D)?(?:T(?:\d{1,9}(?:\.\d+)?H)?(?:\d{1,9}(?:\.\d+)?M)?(?:\d{1,9}(?:\.\d+)?S)?)?$/i;
const DAYS = /^[+-]?\d{1,9} ?d(?:ays?)?,?$/i;
const CLOCK =
  /^[+-]?(?:\d{1,9} ?d(?:ays?)?,? ?)?(?:\d{1,9}:[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?|\d{2,9}:[0-5]\d)$/i;

/** The longest Python timedelta, in seconds. */
const MAX_SECONDS = 999_999_999 * 86_400;

/** Compiles `format: duration`: ISO 8601, `hh:mm:ss`, `1 day, hh:mm:ss`, or seconds as a number. */
export function durationNode(): Node {
  const check: Check = (value, state) => {
    if (typeof value === 'string') {
      if (!ISO.test(value) && !CLOCK.test(value) && !DAYS.test(value)) {
        const error = value.length === 0 ? 'input is too short' : 'invalid digit in duration';
        return fail(state, 'time_delta_parsing', value, { error });
      }
    } else if (typeof value === 'number') {
      if (Math.abs(value) > MAX_SECONDS) {
        const error = 'durations may not exceed 999,999,999 days';
        return fail(state, 'time_delta_parsing', value, { error });
      }
    } else if (typeof value !== 'boolean') return fail(state, 'time_delta_type', value);
    lower(state, LAX);
    return value;
  };
  return { check, label: 'timedelta' };
}
