import t from 'tap';
import { fromPostgresTimestamp, isTimestamp, toTimestamp } from '#src/lib/timestamps.js';

t.test("recognizes timestamps in this service's format", async (t) => {
  t.ok(isTimestamp('2026-01-31T09:30:00.000Z'));
  for (const text of ['2026-01-31T09:30:00Z', '2026-01-31', 'yesterday', '']) {
    t.notOk(isTimestamp(text), text);
  }
});

t.test('converts a date-time to a timestamp', async (t) => {
  for (const [text, moment] of [
    ['2026-01-31T09:30:00', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:00.123456', '2026-01-31T09:30:00.123Z'],
    ['2026-01-31T09:30:00+00:00', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:00.5-08:00', '2026-01-31T17:30:00.500Z'],
    ['0001-01-01T00:00:00+12:00', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59-12:00', '9999-12-31T23:59:59.999Z'],
  ] as const) {
    t.equal(toTimestamp(text).toISOString(), moment, text);
  }
});

t.test('converts timestamps of PostgreSQL, in every year and offset', async (t) => {
  for (const [text, moment] of [
    ['2026-01-31 09:30:00+00', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31 09:30:00.123456-08', '2026-01-31T17:30:00.123Z'],
    ['2026-01-31 09:30:00.5+05:45', '2026-01-31T03:45:00.500Z'],
    ['0001-03-04 05:06:07+00', '0001-03-04T05:06:07.000Z'],
    ['0049-12-31 23:59:59.999+00', '0049-12-31T23:59:59.999Z'],
    ['0099-01-01 00:00:00+00', '0099-01-01T00:00:00.000Z'],
    ['0001-03-04 13:11:50+08:05:43', '0001-03-04T05:06:07.000Z'],
    ['0001-12-31 18:00:00-06:00:36 BC', '0001-01-01T00:00:36.000Z'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
    ['12026-01-31 09:30:00+00', '+012026-01-31T09:30:00.000Z'],
    ['infinity', '9999-12-31T23:59:59.999Z'],
    ['-infinity', '0001-01-01T00:00:00.000Z'],
  ] as const) {
    t.equal(fromPostgresTimestamp(text), moment, text);
  }
  for (const text of ['', '2026-01-31', '31.01.2026 09:30:00 CET', '2026-01-31T09:30:00Z']) {
    t.throws(() => fromPostgresTimestamp(text), RangeError, text);
  }
});
