import { toTimestamp } from '#src/lib/timestamps.js';

/** The parts of a date, as they are written. */
type Parts = Partial<
  Record<
    | 'year'
    | 'month'
    | 'day'
    | 'hour'
    | 'minute'
    | 'second'
    | 'fraction'
    | 'half'
    | 'zone'
    | 'offset'
    | 'separator'
    | 'other',
    string
  >
>;

/** Dates that begin with the year: ISO 8601, and what Hexo, Hugo and Jekyll make of it. */
const YEAR_FIRST =
  /^(?<year>\d{4})(?<separator>[-/.])(?<month>\d{1,2})(?<other>[-/.])(?<day>\d{1,2})(?:(?:[t_]| )(?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:[.,](?<fraction>\d{1,9}))?)?(?: ?(?<half>[ap]m))?)? ?(?<zone>[a-z]{1,5})?(?<offset>[+-]\d\d(?::?\d\d)?)?(?: [a-z]{1,5})?(?: m=[+-][\d.]{1,20})?$/i;

/** ISO 8601 without separators. */
const COMPACT =
  /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)(?:t?(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)? ?(?<zone>z|utc|gmt)?(?<offset>[+-]\d\d(?::?\d\d)?)?)?$/i;

/** RFC 822, 850 and 1123, and plain English: `Sat, 02 Jan 2016 03:04:05 +0800`, `2 January 2016`. */
const DAY_FIRST =
  /^(?:[a-z]{3,9},? )?(?<day>\d{1,2})(?:st|nd|rd|th)?[- ](?<month>[a-z]{3})[a-z]{0,6}\.?,?[- ](?<year>\d{4}|\d\d)(?:,? (?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:[.,](?<fraction>\d{1,9}))?)?(?: ?(?<half>[ap]m))?)? ?(?<zone>[a-z]{1,5})?(?<offset>[+-]\d\d(?::?\d\d)?)?(?: \(?[a-z ]{1,50}\)?)?$/i;

/** ANSI C's `asctime`, Unix's and Ruby's dates: `Sat Jan 2 03:04:05 MST 2016`. */
const YEAR_LAST =
  /^(?:[a-z]{3,9},? )?(?<month>[a-z]{3})[a-z]{0,6} (?<day>\d{1,2}) (?<hour>\d{1,2}):(?<minute>\d{1,2}):(?<second>\d{1,2})(?:[.,](?<fraction>\d{1,9}))?(?: (?<zone>[a-z]{1,5}))?(?: (?<offset>[+-]\d\d(?::?\d\d)?))? (?<year>\d{4})$/i;

/** American English, and JavaScript's dates: `Jan 2, 2016`, `January 2nd, 2016 at 3:04pm (MST)`. */
const MONTH_FIRST =
  /^(?:[a-z]{3,9},? )?(?<month>[a-z]{3})[a-z]{0,6}\.? (?<day>\d{1,2})(?:st|nd|rd|th)?,? (?<year>\d{4})(?:,?(?: at)? (?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:[.,](?<fraction>\d{1,9}))?)?(?: ?(?<half>[ap]m))?)?(?: \(?(?<zone>[a-z]{1,5})\)?)?(?: ?(?<offset>[+-]\d\d(?::?\d\d)?))?(?: \([a-z ]{1,50}\))?$/i;

/** `2016-Jan-02`, `2016 January 2`. */
const NAMED_MONTH =
  /^(?<year>\d{4})[- ](?<month>[a-z]{3})[a-z]{0,6}[- ](?<day>\d{1,2})(?: (?<hour>\d{1,2}):(?<minute>\d{1,2})(?::(?<second>\d{1,2}))?)? ?(?<zone>[a-z]{1,5})?(?<offset>[+-]\d\d(?::?\d\d)?)?$/i;

/** Jekyll takes the day for the first number, Hexo the month. */
const NUMBERS_ONLY =
  /^(?<day>\d{1,2})(?<separator>[-/.])(?<month>\d{1,2})(?<other>[-/.])(?<year>\d{4})$/;

/** Seconds since 1970, or milliseconds with 13 digits. Hugo reads them; four digits are a year. */
const UNIX_TIME = /^([+-]?(?:\d{1,3}|\d{5}|\d{7,11}|\d{13}))(?:\.(\d{1,9}))?$/;

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';

/** Offsets of time zone names in hours, as Jekyll knows them. */
const ZONES: Readonly<Record<string, number>> = {
  ...{ EST: -5, EDT: -4, CST: -6, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7, AKST: -9, HST: -10 },
  ...{ BST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3, MSK: 3, IST: 5.5, JST: 9, KST: 9, AEST: 10 },
};

/** Longest text of a date. */
const MAX_LENGTH = 100;

/** The zero value of a date in Go, which Hugo takes for no date. */
const ZERO = toTimestamp('0001-01-01T00:00:00Z').getTime();

/**
 * Parses a date of front matter in the forms that Hexo, Hugo or Jekyll read. Without an offset it
 * is in UTC, and so is a time with the name of a zone in the forms that Hugo reads, because Hugo
 * ignores it. Dates outside the years 1 to 9999 are clamped.
 *
 * @returns null if the date or time does not exist, or if it could be one of two days
 * @see https://github.com/spf13/cast https://docs.ruby-lang.org/en/3.1/Time.html#method-c-parse
 */
export function parseArticleDate(text: string): Date | null {
  if (text.length > MAX_LENGTH) return null;
  const plain = text.trim().replaceAll(/\s+/g, ' ');
  const compact = COMPACT.exec(plain)?.groups;
  if (compact !== undefined) return dateOfParts(compact, ZONES) ?? unixTime(plain);
  const numbers: Parts | undefined = NUMBERS_ONLY.exec(plain)?.groups;
  if (numbers !== undefined) return dateOfNumbers(numbers);
  const ofHugo = DAY_FIRST.exec(plain)?.groups ?? YEAR_LAST.exec(plain)?.groups;
  if (ofHugo !== undefined) return dateOfParts(ofHugo, {});
  const others = [YEAR_FIRST, MONTH_FIRST, NAMED_MONTH].map((form) => form.exec(plain)?.groups);
  const found = others.find((groups) => groups !== undefined);
  return found === undefined ? unixTime(plain) : dateOfParts(found, ZONES);
}

/** Whether Hugo takes the date for none. */
export function isZeroDate(date: Date): boolean {
  return date.getTime() === ZERO;
}

/** @param zones the named zones that are not read as UTC */
function dateOfParts(parts: Parts, zones: typeof ZONES): Date | null {
  const { year = '', day = '', minute = '0', second = '0', fraction = '0' } = parts;
  if (parts.separator !== parts.other) return null;
  const month = monthOf(parts.month ?? '');
  const hour = hourOf(parts);
  const offset = offsetOf(parts, zones);
  const isTime = hour !== null && Number(minute) <= 59 && Number(second) <= 60;
  if (month === null || !isTime || offset === null || year === '0000') return null;
  const moment = new Date(0);
  moment.setUTCFullYear(fullYear(year), month - 1, Number(day));
  // `Date` accepts the 31st of every month.
  if (moment.getUTCMonth() !== month - 1 || Number(day) < 1) return null;
  if (hour === 24 && Number(minute) + Number(second) > 0) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  moment.setUTCHours(hour, Number(minute), Number(second), milliseconds);
  return clamped(moment.getTime() - offset * 60_000);
}

/** As in Go and Ruby, two digits are the years 1969 to 2068. */
function fullYear(year: string): number {
  if (year.length !== 2) return Number(year);
  return Number(year) + (Number(year) >= 69 ? 1900 : 2000);
}

function monthOf(text: string): number | null {
  if (/^\d/.test(text)) return Number(text) >= 1 && Number(text) <= 12 ? Number(text) : null;
  const index = MONTHS.indexOf(text.toLowerCase());
  return index < 0 || index % 3 !== 0 ? null : index / 3 + 1;
}

function hourOf({ hour = '0', half }: Parts): number | null {
  const number = Number(hour);
  if (half === undefined) return number <= 24 ? number : null;
  if (number < 1 || number > 12) return null;
  return (number % 12) + (/^p/i.test(half) ? 12 : 0);
}

/** Returns the offset in minutes east of UTC, or null. A numeric offset overrides a zone name. */
function offsetOf({ zone, offset, hour }: Parts, zones: typeof ZONES): number | null {
  const isName = zone === undefined || /^(?:z|ut|utc|gmt)$/i.test(zone);
  if (!isName && (hour === undefined || !/^[A-Z]{3,5}$/.test(zone))) return null;
  if (offset === undefined) return (zones[zone ?? ''] ?? 0) * 60;
  const digits = offset.replace(':', '').padEnd(5, '0');
  const [hours, minutes] = [Number(digits.slice(1, 3)), Number(digits.slice(3))];
  if (hours > 23 || minutes > 59) return null;
  return (hours * 60 + minutes) * (digits.startsWith('-') ? -1 : 1);
}

/** With slashes or hyphens, the first number may be the day or the month. */
function dateOfNumbers(parts: Parts): Date | null {
  const { day = '', month = '', separator } = parts;
  const isClear = separator === '.' || Number(day) > 12 || Number(day) === Number(month);
  if (isClear) return dateOfParts(parts, {});
  return Number(month) > 12 ? dateOfParts({ ...parts, day: month, month: day }, {}) : null;
}

function unixTime(text: string): Date | null {
  const [, whole, fraction = ''] = UNIX_TIME.exec(text) ?? [];
  if (whole === undefined) return null;
  if (/^[+-]?\d{13}$/.test(whole)) return clamped(Number(whole));
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return clamped(Number(whole) * 1000 + (whole.startsWith('-') ? -milliseconds : milliseconds));
}

function clamped(time: number): Date | null {
  return Number.isNaN(time) ? null : toTimestamp(new Date(time).toISOString());
}
