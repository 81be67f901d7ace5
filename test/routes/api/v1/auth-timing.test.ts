import t from 'tap';
import { PASSWORD_COST } from '#src/lib/password-cost.js';
import { createTestApp } from '#test/support/app.js';

const TOLERANCE = 0.1;

/**
 * Numbers of attempts after which the medians are compared. A difference within half of the
 * tolerance settles the test at once; a greater one must be gone in the end.
 */
const LOOKS = [40, 80, 160, 320, 600];

t.test('takes the same time to reject known and unknown users', async (t) => {
  const { client, createUser } = await createTestApp(t, {}, { passwordCost: PASSWORD_COST });
  await createUser({ username: 'known_name' });
  const caller = client();
  const timed = async (username: string) => {
    const begin = performance.now();
    await caller.post('/api/v1/auth/login', { username, password: 'wrong' });
    return performance.now() - begin;
  };

  let difference = Number.POSITIVE_INFINITY;
  const known: number[] = [];
  const unknown: number[] = [];
  for (const attempts of LOOKS) {
    while (known.length < attempts) {
      known.push(await timed('known_name'));
      unknown.push(await timed('other_name'));
    }
    const [ours, theirs] = [median(known), median(unknown)];
    difference = Math.abs(ours - theirs) / Math.max(ours, theirs);
    t.comment(
      `medians of ${attempts}: known ${ours.toFixed(2)} ms, unknown ${theirs.toFixed(2)} ms, ` +
        `${(difference * 100).toFixed(1)} % apart`,
    );
    if (difference < TOLERANCE / 2) break;
  }
  t.ok(difference < TOLERANCE, `${(difference * 100).toFixed(1)} % apart`);
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
