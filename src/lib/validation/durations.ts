import { type Check, fail, LAX, lower, type Node } from './node.js';

const ISO =
  /^[+-]?P(?=.)(?:\d+(?:\.\d+)?Y)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?W)?(?:\d+(?:\.\d+)?D)?(?:T(?=.)(?:\d+(?:\.\d+)?H)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?S)?)?$/i;
const CLOCK = /^[+-]?(?:\d+ ?d(?:ays?)?,? ?)?(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)$/i;
const DAYS = /^[+-]?\d+ ?d(?:ays?)?,? ?$/i;

/** Compiles `format: duration`: ISO 8601, `hh:mm:ss`, `1 day, hh:mm:ss` or a number of seconds. */
export function durationNode(): Node {
  const check: Check = (value, state) => {
    if (typeof value === 'string') {
      if (!ISO.test(value) && !CLOCK.test(value) && !DAYS.test(value)) {
        const error = value.length === 0 ? 'input is too short' : 'invalid digit in duration';
        return fail(state, 'time_delta_parsing', value, { error });
      }
    } else if (typeof value !== 'number') return fail(state, 'time_delta_type', value);
    lower(state, LAX);
    return value;
  };
  return { check, label: 'timedelta' };
}
