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
