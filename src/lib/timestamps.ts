const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Whether the text is a moment as this service writes it: ISO 8601 in UTC, with milliseconds, of the
 * years 1 to 9999.
 */
export function isTimestamp(text: string): boolean {
  const time = Date.parse(text);
  return time >= EARLIEST && time <= LATEST && new Date(time).toISOString() === text;
}

/**
 * The moment of a date-time that validation has let through, to the millisecond. One without an
 * offset is in UTC; an offset that leads out of the years 1 to 9999 leads to their end.
 */
export function toTimestamp(dateTime: string): Date {
  const time = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(dateTime) ? dateTime : `${dateTime}Z`);
  return new Date(Math.min(Math.max(time, EARLIEST), LATEST));
}
