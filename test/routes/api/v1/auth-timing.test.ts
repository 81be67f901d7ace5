import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const ATTEMPTS = 200;
const TOLERANCE = 0.1;
/** Whatever else the machine does may spoil a measurement, but hardly each of three. */
const MEASUREMENTS = 3;

t.setTimeout(240_000);

t.test('how long a login takes does not tell whether there is such a user', async (t) => {
  const { client, createUser } = await createTestApp(t);
  await createUser({ username: 'known_name' });
  const caller = client();
  const timed = async (username: string) => {
    const begin = performance.now();
    await caller.post('/api/v1/auth/login', { username, password: 'wrong' });
    return performance.now() - begin;
  };

  let difference = Number.POSITIVE_INFINITY;
  for (let round = 1; round <= MEASUREMENTS && difference >= TOLERANCE; round += 1) {
    const known: number[] = [];
    const unknown: number[] = [];
    for (let count = 0; count < ATTEMPTS; count += 1) {
      known.push(await timed('known_name'));
      unknown.push(await timed('other_name'));
    }
    const [ours, theirs] = [median(known), median(unknown)];
    difference = Math.abs(ours - theirs) / Math.max(ours, theirs);
    t.comment(
      `medians of ${ATTEMPTS}: known ${ours.toFixed(2)} ms, unknown ${theirs.toFixed(2)} ms, ` +
        `${(difference * 100).toFixed(1)} % apart`,
    );
  }
  t.ok(difference < TOLERANCE, `${(difference * 100).toFixed(1)} % apart`);
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
