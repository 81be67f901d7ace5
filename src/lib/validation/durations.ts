import { isNumber, readClock, toBytes } from './date-parts.js';
import { type Check, fail, LAX, lower, type Node } from './node.js';

const MAX_DAYS = 999_999_999;
const MAX_U32 = 2 ** 32 - 1;

/** The longest Python timedelta, in seconds. */
const MAX_SECONDS = MAX_DAYS * 86_400;

const TOO_SHORT = 'input is too short';
const TOO_MANY_DAYS = 'durations may not exceed 999,999,999 days';
const TOO_MANY_HOURS = 'durations may not exceed 999,999,999 hours';
const TOO_LARGE = 'a numeric value in the duration is too large';
const BAD_DIGIT = 'invalid digit in duration';
const BAD_DAYS = '"day" identifier in duration not correctly formatted';
const EXTRA = 'unexpected extra characters at the end of the input';

const DATE_UNITS: Readonly<Record<string, number>> = { Y: 365, M: 30, W: 7, D: 1 };
const TIME_UNITS: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1 };

const QUANTITY = /(\d+)([.,]\d*)?/y;

/** Returns why a text is no duration of ISO 8601, with speedate's wording; else undefined. */
function isoFault(text: string, from: number): string | undefined {
  let [at, days, seconds] = [from, 0, 0];
  let [hasT, hadFraction] = [false, false];
  for (; at < text.length; at += 1) {
    if (text.charAt(at) === 'T') {
      if (hasT) return '`t` character repeated in duration';
      hasT = true;
      continue;
    }
    QUANTITY.lastIndex = at;
    const [whole = '', digits = '', fraction] = QUANTITY.exec(text) ?? [];
    if (whole === '') return BAD_DIGIT;
    const value = Number(digits);
    if (value > MAX_U32) return TOO_LARGE;
    if (hadFraction) return 'quantity fraction invalid in duration';
    hadFraction = fraction !== undefined;
    at += whole.length;
    const unit = (hasT ? TIME_UNITS : DATE_UNITS)[text.charAt(at)];
    if (unit === undefined) return `quantity invalid in ${hasT ? 'time' : 'date'} part of duration`;
    if (hasT) seconds += value * unit;
    else days += value * unit;
    if (Math.max(days, seconds) > MAX_U32) return TOO_LARGE;
  }
  if (days + seconds === 0 && !/\d/.test(text)) return TOO_SHORT;
  return days + Math.floor(seconds / 86_400) > MAX_DAYS ? TOO_MANY_DAYS : undefined;
}

const DAY_COUNT = /\d+/y;
const DAY_WORD = / ?d(?:ays?)?/iy;

/** As {@link isoFault}, for `1 day, 01:02:03`. */
function daysFault(text: string, from: number): string | undefined {
  if (from === text.length) return TOO_SHORT;
  DAY_COUNT.lastIndex = from;
  const [digits = ''] = DAY_COUNT.exec(text) ?? [];
  if (digits === '') return BAD_DIGIT;
  if (Number(digits) > MAX_U32) return TOO_LARGE;
  DAY_WORD.lastIndex = from + digits.length;
  const [word = ''] = DAY_WORD.exec(text) ?? [];
  let at = from + digits.length + word.length;
  // `da` is neither `d` nor `day`.
  if (word === '' || (/d$/i.test(word) && /a/i.test(text.charAt(at)))) return BAD_DAYS;
  if (text.charAt(at) === ',') at += 1;
  if (text.charAt(at) === ' ') at += 1;
  const fault = at < text.length ? hoursFault(text, at, 23) : undefined;
  if (fault !== undefined) return fault;
  return Number(digits) > MAX_DAYS ? TOO_MANY_DAYS : undefined;
}

/** The most that speedate reads after the hours: `00:00.000000`. */
const AFTER_HOURS = 12;

/** As {@link isoFault}, for `01:02:03` with any number of hours up to a maximum. */
function hoursFault(text: string, from: number, maxHours = 24 * 10 ** 8): string | undefined {
  if (text.length - from < 5) return TOO_SHORT;
  const colon = text.indexOf(':', from);
  const hours = text.slice(from, colon);
  if (colon === -1) return 'invalid character in hour';
  if (hours.length > 10) return TOO_MANY_HOURS;
  if (!/^\d*$/.test(hours)) return 'invalid character in hour';
  const clock = readClock(`00:${text.slice(colon + 1, colon + 1 + AFTER_HOURS)}`, 0);
  if (typeof clock === 'string') return clock;
  if (clock.hasMore) return EXTRA;
  return Number(hours) > maxHours ? TOO_MANY_HOURS : undefined;
}

function faultOf(given: string): string | undefined {
  const text = toBytes(given);
  if (text === '') return TOO_SHORT;
  const from = /^[+-]/.test(text) ? 1 : 0;
  if (text.charAt(from) === 'P') return isoFault(text, from + 1);
  return text.length - from < 5 || /d/i.test(text) ? daysFault(text, from) : hoursFault(text, from);
}

/** Compiles `format: duration`: ISO 8601, `hh:mm:ss`, `1 day, hh:mm:ss`, or seconds as a number. */
export function durationNode(): Node {
  const check: Check = (value, state) => {
    let error: string | undefined;
    if (typeof value === 'string') error = faultOf(value);
    else if (isNumber(value)) {
      if (Math.abs(Number(value)) > MAX_SECONDS) error = TOO_MANY_DAYS;
    } else if (typeof value !== 'boolean') return fail(state, 'time_delta_type', value);
    if (error !== undefined) return fail(state, 'time_delta_parsing', value, { error });
    lower(state, LAX);
    return value;
  };
  return { check, label: 'timedelta' };
}
