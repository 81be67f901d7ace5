/** A calendar day. */
export interface DateParts {
  year: number;
  month: number;
  day: number;
}

/** A time of day; `offset` is in seconds, and undefined without a time zone. */
export interface TimeParts {
  hour: number;
  minute: number;
  second: number;
  micro: number;
  offset?: number;
}

/** A date and a time. */
export interface DateTimeParts {
  date: DateParts;
  time: TimeParts;
}

/** Larger numbers are milliseconds (speedate's threshold; the year 2603 in seconds). */
const MILLISECONDS_FROM = 20_000_000_000;
const UNIX_0000 = -62_167_219_200;
const UNIX_9999 = 253_402_300_799;

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const HYPHEN = 0x2d;
const COLON = 0x3a;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

const two = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1);

/** Whether a text starts with a date in the years 1 to 9999. */
export function isPlainDate(text: string): boolean {
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  return (
    year > 0 &&
    month > 0 &&
    month <= 12 &&
    day > 0 &&
    (day <= 28 || day <= daysIn(year, month)) &&
    text.charCodeAt(4) === HYPHEN &&
    text.charCodeAt(7) === HYPHEN
  );
}

/** Whether a text is `YYYY-MM-DDThh:mm:ss`, optionally with `Z`, the most common form. */
export function isPlainDateTime(text: string): boolean {
  const { length } = text;
  return (
    (length === 19 || (length === 20 && text.charCodeAt(19) === UPPER_Z)) &&
    text.charCodeAt(10) === UPPER_T &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON &&
    two(text, 11) <= 23 &&
    two(text, 14) <= 59 &&
    two(text, 17) <= 59 &&
    isPlainDate(text)
  );
}

/** Parses `YYYY-MM-DD` at the start of a text; returns speedate's error message on failure. */
export function readDate(text: string): DateParts | string {
  if (text.length < 10) return 'input is too short';
  const year = two(text, 0) * 100 + two(text, 2);
  if (Number.isNaN(year)) return 'invalid character in year';
  if (text.charAt(4) !== '-') return 'invalid date separator, expected `-`';
  const month = two(text, 5);
  if (Number.isNaN(month)) return 'invalid character in month';
  if (text.charAt(7) !== '-') return 'invalid date separator, expected `-`';
  const day = two(text, 8);
  if (Number.isNaN(day)) return 'invalid character in day';
  if (month < 1 || month > 12) return 'month value is outside expected range of 1-12';
  if (day < 1 || day > daysIn(year, month)) return 'day value is outside expected range';
  return { year, month, day };
}

/**
 * Returns a text with one character for each byte of its UTF-8, because speedate counts bytes. The
 * functions of this module read such texts.
 */
export function toBytes(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text).toString('latin1');
}

const ASCII = /^[\0-\x7f]*$/;

/** U+2212 in UTF-8. */
const MINUS_SIGN = '\u00e2\u0088\u0092';

/** Parses a time zone at `at`: nothing, `Z`, `+hh:mm` or `+hhmm`. */
function readOffset(text: string, at: number): { offset?: number } | string {
  if (at === text.length) return {};
  const sign = text.startsWith(MINUS_SIGN, at) ? MINUS_SIGN : text.charAt(at);
  if (sign === 'Z' || sign === 'z') {
    return at + 1 === text.length ? { offset: 0 } : EXTRA;
  }
  if (sign !== '+' && sign !== '-' && sign !== MINUS_SIGN) return 'invalid timezone sign';
  const hourAt = at + sign.length;
  const hour = two(text, hourAt);
  if (Number.isNaN(hour)) return 'invalid timezone hour';
  const minuteAt = text.charAt(hourAt + 2) === ':' ? hourAt + 3 : hourAt + 2;
  const minute = two(text, minuteAt);
  if (Number.isNaN(minute)) return 'invalid timezone minute';
  if (minute > 59) return 'timezone minute value is outside expected range of 0-59';
  if (hour > 23) return 'timezone offset must be less than 24 hours';
  if (minuteAt + 2 !== text.length) return EXTRA;
  const seconds = hour * 3600 + minute * 60;
  return { offset: sign === '+' ? seconds : -seconds };
}

const EXTRA = 'unexpected extra characters at the end of the input';

/** A time of day at the start of a text, and what follows. */
export interface Clock extends Omit<TimeParts, 'offset'> {
  /** Whether anything follows. */
  hasMore: boolean;
  /** The time zone that follows, or why it is none. */
  readonly zone: { offset?: number } | string;
}

/** Parses `hh:mm[:ss[.f…]]`. */
export function readClock(text: string, from: number): Clock | string {
  if (text.length < from + 5) return 'input is too short';
  const hour = two(text, from);
  if (Number.isNaN(hour)) return 'invalid character in hour';
  if (text.charAt(from + 2) !== ':') return 'invalid time separator, expected `:`';
  const minute = two(text, from + 3);
  if (Number.isNaN(minute)) return 'invalid character in minute';
  if (hour > 23) return 'hour value is outside expected range of 0-23';
  if (minute > 59) return 'minute value is outside expected range of 0-59';
  let at = from + 5;
  let second = 0;
  let micro = 0;
  if (text.charAt(at) === ':') {
    second = two(text, at + 1);
    if (Number.isNaN(second)) return 'invalid character in second';
    if (second > 59) return 'second value is outside expected range of 0-59';
    at += 3;
    if (text.charAt(at) === '.' || text.charAt(at) === ',') {
      at += 1;
      const start = at;
      while (!Number.isNaN(digit(text, at))) at += 1;
      if (at === start) return 'second fraction digits missing after `.`';
      micro = Number(text.slice(start, Math.min(at, start + 6)).padEnd(6, '0'));
    }
  }
  return { hour, minute, second, micro, hasMore: at < text.length, zone: readOffset(text, at) };
}

/** Parses `hh:mm[:ss[.f…]]` with an optional time zone, up to the end of the text. */
export function readTime(text: string, from: number): TimeParts | string {
  const clock = readClock(text, from);
  if (typeof clock === 'string') return clock;
  const { hour, minute, second, micro, zone } = clock;
  return typeof zone === 'string' ? zone : { hour, minute, second, micro, ...zone };
}

/** Parses a date, a separator and a time (RFC 3339, section 5.6, with speedate's extensions). */
export function readDateTime(text: string): DateTimeParts | string {
  const date = readDate(text);
  if (typeof date === 'string') return date;
  const separator = text.charAt(10);
  if (separator === '') return 'input is too short';
  if (separator !== 'T' && separator !== 't' && separator !== ' ' && separator !== '_') {
    return 'invalid datetime separator, expected `T`, `t`, `_` or space';
  }
  const time = readTime(text, 11);
  return typeof time === 'string' ? time : { date, time };
}

const WHOLE = /^[+-]?(\d+)$/;
/** Digits of the largest integer of 64 bits. */
const MAX_DIGITS = 19;
const FRACTION = /^[+-]?(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Parses a text that is a Unix time: an integer of 64 bits, or a number with a decimal point;
 * undefined otherwise.
 */
export function readUnixText(text: string): number | undefined {
  if (FRACTION.test(text)) return Number(text);
  const digits = WHOLE.exec(text)?.[1]?.replace(/^0+/, '');
  if (digits === undefined || digits.length > MAX_DIGITS) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, exact) === exact ? value : undefined;
}

/** Whether a value is a number to Pydantic, which must fit a double. */
export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || (typeof value === 'bigint' && Number.isFinite(Number(value)));
}

/** Converts a Unix time, in seconds or (if large) milliseconds, to a date and time in UTC. */
export function fromUnix(value: number): DateTimeParts | string {
  if (Number.isNaN(value)) return 'NaN values not permitted';
  const inMilliseconds = Math.abs(value) > MILLISECONDS_FROM;
  const whole = inMilliseconds ? Math.floor(value / 1000) : Math.floor(value);
  // Like speedate, drops the sign of a negative time's fraction.
  const rest = inMilliseconds ? (value - whole * 1000) / 1000 : Math.abs(value % 1);
  let seconds = whole;
  let micro = Math.round(rest * 1e6);
  if (micro === 1e6) {
    micro = 0;
    seconds += 1;
  }
  if (seconds < UNIX_0000) return 'dates before 0000 are not supported as unix timestamps';
  if (seconds > UNIX_9999) return 'dates after 9999 are not supported as unix timestamps';
  const moment = new Date(seconds * 1000);
  return {
    date: {
      year: moment.getUTCFullYear(),
      month: moment.getUTCMonth() + 1,
      day: moment.getUTCDate(),
    },
    time: {
      hour: moment.getUTCHours(),
      minute: moment.getUTCMinutes(),
      second: moment.getUTCSeconds(),
      micro,
      offset: 0,
    },
  };
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** Returns `YYYY-MM-DD`. */
export function formatDate({ year, month, day }: DateParts): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** Returns `hh:mm:ss[.ffffff][+hh:mm]`, like Python's `isoformat()`. */
export function formatTime({ hour, minute, second, micro, offset }: TimeParts): string {
  let text = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;
  if (micro !== 0) text += `.${pad(micro, 6)}`;
  if (offset === undefined) return text;
  const minutes = Math.abs(offset) / 60;
  return `${text}${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}
