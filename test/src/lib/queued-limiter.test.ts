import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { QueuedLimiter } from '#src/lib/queued-limiter.js';

const OPTIONS = {
  places: 3,
  placesPerClient: 2,
  waiting: 4,
  waitingPerClient: 3,
  patience: 1000,
};

/** Whether the entry is decided, and how: `in`, `out` or `waiting`. */
async function stateOf(entry: Promise<unknown>): Promise<string> {
  const state = await Promise.race([entry, sleep(1, 'waiting')]);
  if (state === 'waiting') return 'waiting';
  return state === null ? 'out' : 'in';
}
const statesOf = (entries: Promise<unknown>[]) => Promise.all(entries.map(stateOf));

t.test('gives each client a share of the places and of the queue', async (t) => {
  const limiter = new QueuedLimiter(OPTIONS);
  const greedy = Array.from({ length: 6 }, () => limiter.enter('greedy'));
  t.same(await statesOf(greedy), ['in', 'in', 'waiting', 'waiting', 'waiting', 'out']);
  const modest = Array.from({ length: 3 }, () => limiter.enter('modest'));
  t.same(await statesOf(modest), ['in', 'waiting', 'out']);
  t.equal(await stateOf(limiter.enter('third')), 'out', 'the queue is full');
});

t.test('hands a free place to the first in the queue that may have it', async (t) => {
  const limiter = new QueuedLimiter(OPTIONS);
  const greedy = Array.from({ length: 3 }, () => limiter.enter('greedy'));
  const modest = [limiter.enter('modest'), limiter.enter('modest')];
  t.same(await statesOf([...greedy, ...modest]), ['in', 'in', 'waiting', 'in', 'waiting']);
  (await modest[0])?.();
  t.same(await statesOf([...greedy, ...modest]), ['in', 'in', 'waiting', 'in', 'in']);
  const leave = await greedy[0];
  leave?.();
  leave?.();
  t.same(await statesOf(greedy), ['in', 'in', 'in']);
  t.equal(await stateOf(limiter.enter('third')), 'waiting', 'leaving twice frees one place');
});

t.test('forgets who waits too long or is gone', async (t) => {
  const limiter = new QueuedLimiter({ ...OPTIONS, places: 1, patience: 40 });
  const leave = await limiter.enter('a');
  t.equal(await limiter.enter('b'), null);
  const gone = new AbortController();
  const waiting = limiter.enter('b', gone.signal);
  gone.abort();
  t.equal(await waiting, null);
  t.equal(await limiter.enter('b', gone.signal), null);
  leave?.();
  t.type(await limiter.enter('c'), 'function', 'the place is free again');
});
