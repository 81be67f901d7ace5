const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Whether the text is a timestamp as the service writes it: ISO 8601 in UTC, with milliseconds, in
 * the years 1 to 9999.
 */
export function isTimestamp(text: string): boolean {
  const time = Date.parse(text);
  return time >= EARLIEST && time <= LATEST && new Date(time).toISOString() === text;
}

/**
 * Converts a validated date-time, to the millisecond. Without an offset it is in UTC; a result
 * outside the years 1 to 9999 is clamped.
 */
export function toTimestamp(dateTime: string): Date {
  const time = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(dateTime) ? dateTime : `${dateTime}Z`);
  return new Date(Math.min(Math.max(time, EARLIEST), LATEST));
}

/** What nearly all timestamps are: in UTC, in the years 1 to 9999. */
const IN_UTC = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/;

const POSTGRES_TIMESTAMP =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;

/**
 * Converts a `timestamptz` in PostgreSQL's ISO style to ISO 8601 in UTC, to the millisecond. `Date`
 * would take the years 1 to 99 for those of a century, and cannot read years before Christ or the
 * offsets with seconds of local mean time.
 *
 * @returns years before 1 and after 9999 in the expanded form of `Date`; `infinity` as the latest
 *   timestamp of the service, `-infinity` as its earliest
 * @throws RangeError if the text is in another style
 * @see https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
 */
export function fromPostgresTimestamp(text: string): string {
  if (IN_UTC.test(text)) {
    const fraction = text.slice(20, -3);
    const milliseconds = fraction.length > 2 ? fraction.slice(0, 3) : fraction.padEnd(3, '0');
    return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
  }
  if (text === 'infinity') return new Date(LATEST).toISOString();
  if (text === '-infinity') return new Date(EARLIEST).toISOString();
  const parts = POSTGRES_TIMESTAMP.exec(text);
  if (parts === null) throw new RangeError('The timestamp is not in the ISO style');
  const [, year, month, day, hour, minute, second, fraction = '', sign, ...offset] = parts;
  const [hours, minutes = 0, seconds = 0, era] = offset;
  const moment = new Date(0);
  // Unlike `Date.UTC`, it takes every year as written.
  moment.setUTCFullYear(
    era === undefined ? Number(year) : 1 - Number(year),
    Number(month) - 1,
    Number(day),
  );
  moment.setUTCHours(
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.slice(0, 3).padEnd(3, '0')),
  );
  const shift = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return new Date(moment.getTime() + (sign === '-' ? shift : -shift)).toISOString();
}
