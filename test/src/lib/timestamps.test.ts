import t from 'tap';
import { isTimestamp, toTimestamp } from '#src/lib/timestamps.js';

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
