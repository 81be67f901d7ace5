import t from 'tap';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { deleteOldThrottles } from '#src/throttling/store.js';
import { type Throttle, throttled, WINDOW_SECONDS } from '#src/throttling/throttling.js';
import { createTestApp } from '#test/support/app.js';

const { app } = await createTestApp(t);
const start = Date.now();
const at = (seconds: number) => new Date(start + seconds * 1000);
const fail = async () => {
  throw new ApiError('invalid_credentials');
};
const succeed = async () => 'done';
const report = (error: unknown) => t.error(error);

/** Runs an attempt; returns its result, or the error with the seconds to wait. */
async function attempt(
  throttles: Throttle[],
  seconds: number,
  work: () => Promise<unknown> = fail,
): Promise<unknown> {
  try {
    return await throttled({ db: app.db, now: at(seconds), report }, throttles, work);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const wait = error.headers['retry-after'];
    return error.code === 'too_many_attempts' ? Number(wait) : error.code;
  }
}

t.test('doubles the delay with each failure beyond the free ones, up to the window', async (t) => {
  const key: Throttle[] = [{ key: 'doubling', free: 3, onSuccess: 'forget' }];
  for (let count = 0; count < 3; count += 1) t.equal(await attempt(key, 0), 'invalid_credentials');
  let now = 0;
  for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
    t.equal(await attempt(key, now), wait, `${wait} seconds`);
    t.equal(await attempt(key, now + wait - 1), 1, 'rejected attempts do not extend the delay');
    now += wait;
    // At the very end of the longest delay the failures themselves are forgotten.
    if (wait < WINDOW_SECONDS) t.equal(await attempt(key, now), 'invalid_credentials');
    else break;
  }
});

t.test('forgets failures a window after the last one', async (t) => {
  const key: Throttle[] = [{ key: 'window', free: 2, onSuccess: 'forget' }];
  await attempt(key, 0);
  await attempt(key, WINDOW_SECONDS - 1);
  t.equal(await attempt(key, WINDOW_SECONDS - 1), 1, 'the first failure still counts');
  const later = 2 * WINDOW_SECONDS;
  t.equal(await attempt(key, later), 'invalid_credentials');
  t.equal(await attempt(key, later), 'invalid_credentials');
  t.equal(await attempt(key, later), 1);
});

t.test('applies the onSuccess of each key', async (t) => {
  const keys: Throttle[] = [
    { key: 'forgets', free: 3, onSuccess: 'forget' },
    { key: 'takes back', free: 3, onSuccess: 'take_back' },
    { key: 'keeps', free: 3, firstWait: 60, onSuccess: 'keep' },
  ];
  const [forgets, takesBack, keeps] = keys.map((key) => [key]) as [
    Throttle[],
    Throttle[],
    Throttle[],
  ];
  for (const key of [forgets, takesBack]) {
    await attempt(key, 0);
    await attempt(key, 0);
    for (let count = 0; count < 5; count += 1) t.equal(await attempt(key, 0, succeed), 'done');
    await attempt(key, 0);
  }
  t.equal(await attempt(forgets, 0), 'invalid_credentials', 'the count was reset');
  t.equal(await attempt(takesBack, 0), 1, 'the failures before and after add up to three');
  for (let count = 0; count < 3; count += 1) await attempt(keeps, 0, succeed);
  t.equal(await attempt(keeps, 0, succeed), 60, 'each attempt counts');
});

t.test('does not extend the window on success', async (t) => {
  const key: Throttle[] = [{ key: 'busy address', free: 2, onSuccess: 'take_back' }];
  await attempt(key, 0);
  for (let minute = 1; minute <= 20; minute += 1) {
    t.equal(await attempt(key, minute * 60, succeed), 'done');
  }
  t.equal(await attempt(key, 20 * 60), 'invalid_credentials');
  t.equal(
    await attempt(key, 20 * 60, succeed),
    'done',
    'the failure of twenty minutes ago is forgotten',
  );
});

t.test('does not count an attempt under other keys if one key rejects it', async (t) => {
  const refusing: Throttle = { key: 'refusing', free: 1, onSuccess: 'forget' };
  const counting: Throttle = { key: 'counting', free: 3, onSuccess: 'take_back' };
  await attempt([refusing], 0);
  for (let count = 0; count < 10; count += 1) {
    t.equal(await attempt([refusing, counting], 0, succeed), 1);
  }
  const { rows } = await app.pg.query('select from throttles where failures = 0');
  t.equal(rows.length, 0, 'no row remains of an attempt that was not counted');
  t.equal(await attempt([counting], 0), 'invalid_credentials');
  t.equal(await attempt([counting], 0), 'invalid_credentials');
});

t.test('does not count failed work as a failed attempt', async (t) => {
  const key: Throttle[] = [{ key: 'outage', free: 1, onSuccess: 'forget' }];
  const outage = async () => {
    throw new ApiError('too_busy');
  };
  for (let count = 0; count < 3; count += 1) t.equal(await attempt(key, 0, outage), 'too_busy');
  const fault = async () => {
    throw new TypeError('a fault');
  };
  await t.rejects(attempt(key, 0, fault), TypeError);
  t.equal(await attempt(key, 0, succeed), 'done');
});

t.test(
  'counts concurrent attempts one after the other, whatever the order of the throttle keys',
  async (t) => {
    const one: Throttle = { key: 'one', free: 7, onSuccess: 'take_back' };
    const two: Throttle = { key: 'two', free: 1000, onSuccess: 'take_back' };
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) => attempt(index % 2 ? [one, two] : [two, one], 0)),
    );
    t.equal(results.filter((result) => result === 'invalid_credentials').length, 7);
    t.equal(results.filter((result) => result === 1).length, 53);
  },
);

t.test('rejects a transaction, whose rollback would undo the count', async (t) => {
  const key: Throttle[] = [{ key: 'transaction', free: 1, onSuccess: 'forget' }];
  await t.rejects(
    inTransaction({ db: app.db, now: at(0), report }, (trx) => throttled(trx, key, succeed)),
    TypeError,
  );
});

t.test('deletes counts older than the window', async (t) => {
  await app.pg.query('delete from throttles');
  await attempt([{ key: 'old', free: 5, onSuccess: 'keep' }], 0);
  await attempt([{ key: 'young', free: 5, onSuccess: 'keep' }], 1);
  t.equal(await deleteOldThrottles(app.db, at(0)), 1);
  t.equal(await deleteOldThrottles(app.db, at(0)), 0);
});

t.test('reports a failed update of the count, and keeps the result', async (t) => {
  const own = await createTestApp(t);
  const reported: string[] = [];
  const report = (_fault: unknown, what: string) => reported.push(what);
  const context = { db: own.app.db, now: at(0), report };
  const key: Throttle[] = [{ key: 'unsettled', free: 3, onSuccess: 'forget' }];
  const result = await throttled(context, key, async () => {
    await own.app.pg.query('drop table throttles');
    return 'done';
  });
  t.equal(result, 'done');
  t.same(reported, ['could not update a throttle']);
});
