import t from 'tap';
import { ENGLISH, messageFor, plainNumber } from '#src/lib/validation/messages.js';

t.test('a number is written without exponent and without a needless fraction', async (t) => {
  for (const [number, text] of [
    [3, '3'],
    [-2.5, '-2.5'],
    [1e-7, '0.0000001'],
    [1.25e-9, '0.00000000125'],
    [1e22, '10000000000000000000000'],
    [1.5e21, '1500000000000000000000'],
    [-1e-7, '-0.0000001'],
  ] as const) {
    t.equal(plainNumber(number), text);
  }
});

t.test('only a limit of one is singular', async (t) => {
  const text = (min: number) => messageFor('string_too_short', { min_length: min });
  t.equal(text(0), 'String should have at least 0 characters');
  t.equal(text(1), 'String should have at least 1 character');
  t.equal(text(2), 'String should have at least 2 characters');
});

t.test('a set that is too long has no length to report', async (t) => {
  const ctx = { field_type: 'Set', max_length: 3, actual_length: null };
  t.equal(
    messageFor('too_long', ctx),
    'Set should have at most 3 items after validation, not more',
  );
});

t.test('another catalogue is used by the same types', async (t) => {
  const german = { ...ENGLISH, missing: () => 'Feld fehlt' };
  t.equal(messageFor('missing', undefined, german), 'Feld fehlt');
  t.equal(messageFor('missing', undefined), 'Field required');
});
