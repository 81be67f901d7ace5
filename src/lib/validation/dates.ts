import {
  type DateTimeParts,
  formatDate,
  formatTime,
  fromUnix,
  isNumber,
  isPlainDate,
  isPlainDateTime,
  readDate,
  readDateTime,
  readTime,
  readUnixText,
  toBytes,
} from './date-parts.js';
import { type Check, FAIL, fail, LAX, lower, type Node } from './node.js';

const EXTRA = 'unexpected extra characters at the end of the input';
const MIDNIGHT = { hour: 0, minute: 0, second: 0, micro: 0 };

/**
 * Output format of dates and times: Pydantic's, or as sent (`verbatim`; a Unix time is converted).
 */
export type TextForm = 'canonical' | 'verbatim';

function fromText(text: string): DateTimeParts | string {
  const parts = readDateTime(text);
  if (typeof parts !== 'string') return parts;
  const unix = readUnixText(text);
  return unix === undefined ? parts : fromUnix(unix);
}

function onlyDate(text: string): ReturnType<typeof readDate> {
  const date = readDate(text);
  if (typeof date !== 'string') return text.length > 10 ? EXTRA : date;
  const unix = text.includes('.') ? undefined : readUnixText(text);
  const parts = unix === undefined ? date : fromUnix(unix);
  return typeof parts === 'string' ? parts : date;
}

/** Compiles `format: date-time`; a date alone means midnight, a number is a Unix time. */
export function dateTimeNode(form: TextForm): Node {
  const check: Check = (value, state) => {
    let parts: DateTimeParts | string;
    if (typeof value === 'string') parts = fromText(toBytes(value));
    else if (isNumber(value)) parts = fromUnix(Number(value));
    else return fail(state, 'datetime_type', value);
    if (typeof parts === 'string') {
      if (typeof value !== 'string')
        return fail(state, 'datetime_parsing', value, { error: parts });
      // A text that is no date-time is parsed as a date, and the error is that of the date.
      const date = onlyDate(toBytes(value));
      if (typeof date === 'string') {
        return fail(state, 'datetime_from_date_parsing', value, { error: date });
      }
      parts = { date, time: MIDNIGHT };
    }
    if (parts.date.year === 0) {
      return fail(state, 'datetime_parsing', value, { error: 'year 0 is out of range' });
    }
    lower(state, LAX);
    if (form === 'verbatim' && typeof value === 'string' && readUnixText(value) === undefined) {
      return value;
    }
    return `${formatDate(parts.date)}T${formatTime(parts.time)}`;
  };
  const quick = (value: unknown): unknown => {
    if (typeof value !== 'string' || !isPlainDateTime(value)) return FAIL;
    return form === 'verbatim' || value.length === 19 ? value : `${value.slice(0, 19)}+00:00`;
  };
  return { check, label: 'datetime', quick };
}

/** Compiles `format: date`; a date-time is accepted if its time is midnight. */
export function dateNode(): Node {
  const check: Check = (value, state) => {
    let parts: DateTimeParts | string;
    if (typeof value === 'string') {
      const text = toBytes(value);
      const date = onlyDate(text);
      parts = typeof date === 'string' ? fromText(text) : { date, time: MIDNIGHT };
    } else if (isNumber(value)) parts = fromUnix(Number(value));
    else return fail(state, 'date_type', value);
    if (typeof parts === 'string') {
      return fail(state, 'date_from_datetime_parsing', value, { error: parts });
    }
    if (parts.date.year === 0) {
      return fail(state, 'date_parsing', value, { error: 'year 0 is out of range' });
    }
    const { hour, minute, second, micro } = parts.time;
    if (hour + minute + second + micro > 0) {
      return fail(state, 'date_from_datetime_inexact', value);
    }
    lower(state, LAX);
    return formatDate(parts.date);
  };
  return {
    check,
    label: 'date',
    guard: (value, bindings) =>
      `typeof ${value} !== 'string' || ${value}.length !== 10 || !${bindings.bind(isPlainDate)}(${value})`,
  };
}

function timeOfNumber(value: number): ReturnType<typeof readTime> {
  if (value < 0) return 'time in seconds should be positive';
  // Rounded to microseconds.
  if (!(value < 86_400 - 5e-7)) return 'numeric times may not exceed 86,399 seconds';
  const parts = fromUnix(value);
  return typeof parts === 'string' ? parts : parts.time;
}

/** Compiles `format: time`; a JSON number is in seconds, but a numeric text is an error. */
export function timeNode(form: TextForm): Node {
  const check: Check = (value, state) => {
    let time: ReturnType<typeof readTime>;
    if (typeof value === 'string') time = readTime(toBytes(value), 0);
    else if (isNumber(value)) time = timeOfNumber(Number(value));
    else return fail(state, 'time_type', value);
    if (typeof time === 'string') return fail(state, 'time_parsing', value, { error: time });
    lower(state, LAX);
    return form === 'verbatim' && typeof value === 'string' ? value : formatTime(time);
  };
  return { check, label: 'time' };
}
