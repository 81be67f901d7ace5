import { toTimestamp } from '#src/lib/timestamps.js';

const DATE =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T\s]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/i;

/**
 * Parses a date in front matter: `2026-01-31`, with an optional time and offset; default UTC.
 *
 * @returns null if the date or time does not exist
 */
export function parseArticleDate(text: string): Date | null {
  const [, year, month, day, hour = '0', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    DATE.exec(text.trim()) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const time = `${hour.padStart(2, '0')}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  // `Date` accepts the 31st of every month, so the result must equal the input.
  const utc = new Date(`${date}T${time}Z`);
  if (Number.isNaN(utc.getTime()) || utc.toISOString() !== `${date}T${time}Z`) return null;
  const moment = toTimestamp(`${date}T${time}${offsetOf(zone)}`);
  return Number.isNaN(moment.getTime()) || year === '0000' ? null : moment;
}

function offsetOf(zone: string): string {
  if (/^[A-Z]/i.test(zone)) return 'Z';
  const digits = zone.replace(':', '').padEnd(5, '0');
  return `${digits.slice(0, 3)}:${digits.slice(3)}`;
}
