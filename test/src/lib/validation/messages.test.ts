import t from 'tap';
import { ENGLISH, messageFor, plainNumber } from '#src/lib/validation/messages.js';

t.test('formats numbers without exponent and trailing zeros', async (t) => {
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

t.test('uses the singular for a limit of one only', async (t) => {
  const text = (min: number) => messageFor('string_too_short', { min_length: min });
  t.equal(text(0), 'String should have at least 0 characters');
  t.equal(text(1), 'String should have at least 1 character');
  t.equal(text(2), 'String should have at least 2 characters');
});

t.test('reports no length for a set that is too long', async (t) => {
  const ctx = { field_type: 'Set', max_length: 3, actual_length: null };
  t.equal(
    messageFor('too_long', ctx),
    'Set should have at most 3 items after validation, not more',
  );
});

t.test('formats the same types with another catalogue', async (t) => {
  const german = { ...ENGLISH, missing: () => 'Feld fehlt' };
  t.equal(messageFor('missing', undefined, german), 'Feld fehlt');
  t.equal(messageFor('missing', undefined), 'Field required');
});
