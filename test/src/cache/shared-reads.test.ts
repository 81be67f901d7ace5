import t from 'tap';
import { openRedis, type RedisConnection } from '#src/cache/redis-client.js';
import { type Load, SharedReads } from '#src/cache/shared-reads.js';
import { bodyTag } from '#src/lib/entity-tag.js';
import { createTestApp } from '#test/support/app.js';
import { recordLog } from '#test/support/log.js';
import { noRedis, startRedis } from '#test/support/redis.js';
import { until } from '#test/support/waiting.js';

const { app } = await createTestApp(t);

/** Creates a cache with a state that changes only when a test sets it. */
function createReads(lifetime = 60, redis: RedisConnection | null = null) {
  const state = { name: 'one', isCertain: true };
  const reads = new SharedReads({
    db: app.db,
    state: { get: () => ({ ...state }), start: () => undefined, invalidate: () => undefined },
    redis,
    lifetimes: { list: lifetime, item: lifetime },
  });
  return { reads, state };
}

t.test('caches a value for its lifetime', async (t) => {
  const { reads } = createReads(1);
  let count = 0;
  const load: Load<number> = async () => ++count;
  t.match(await reads.read('list', ['count'], load), { value: 1, isHit: false });
  t.match(await reads.read('list', ['count'], load), { value: 1, isHit: true });
  await until(async () => (await reads.read('list', ['count'], load)).value === 2);
  t.equal(count, 2, 'loaded again after its lifetime');
});

t.test('separates values by the whole key and by state', async (t) => {
  const { reads, state } = createReads();
  const read = (key: [string, object], value: string) =>
    reads.read('list', key, async () => value).then((found) => found.value);
  t.equal(await read(['posts', { q: 'a', page: 1 }], 'first'), 'first');
  t.equal(await read(['posts', { page: 1, q: 'a' }], 'second'), 'first', 'in any order');
  t.equal(await read(['posts', { q: 'a', page: 2 }], 'third'), 'third');
  t.equal(await read(['others', { q: 'a', page: 1 }], 'fourth'), 'fourth');
  state.name = 'two';
  t.equal(await read(['posts', { q: 'a', page: 1 }], 'fifth'), 'fifth');
});

t.test('discards a slow read that a change has overtaken', async (t) => {
  const { reads, state } = createReads();
  let finish = (_value: string): void => undefined;
  const slow = reads.read('item', ['x'], () => new Promise<string>((done) => (finish = done)));
  state.name = 'two';
  t.equal((await reads.read('item', ['x'], async () => 'new')).value, 'new');
  finish('old');
  t.equal((await slow).value, 'old');
  t.match(await reads.read('item', ['x'], async () => 'unread'), { value: 'new', isHit: true });
});

t.test('caches no errors, and rejects all waiting requests', async (t) => {
  const { reads } = createReads();
  let count = 0;
  const failing: Load<never> = async () => {
    count += 1;
    throw new Error('gone');
  };
  const many = await Promise.allSettled([1, 2, 3].map(() => reads.read('item', ['y'], failing)));
  t.ok(many.every(({ status }) => status === 'rejected'));
  t.equal(count, 1);
  t.equal((await reads.read('item', ['y'], async () => null)).value, null);
  t.match(
    await reads.read('item', ['y'], failing),
    { value: null, isHit: true },
    'null is cached too',
  );
});

t.test(
  'joins concurrent requests for the same key but caches nothing while changes may be missed',
  async (t) => {
    const { reads, state } = createReads();
    state.isCertain = false;
    let count = 0;
    const load: Load<number> = async () => ++count;
    const found = await Promise.all([1, 2, 3].map(() => reads.read('list', ['z'], load)));
    t.same(
      found.map(({ value, isHit }) => [value, isHit]),
      [
        [1, false],
        [1, true],
        [1, true],
      ],
    );
    t.match(await reads.read('list', ['z'], load), { value: 2, isHit: false });
    state.isCertain = true;
    t.match(await reads.read('list', ['z'], load), { value: 3, isHit: false });
  },
);

t.test('freezes shared values', async (t) => {
  const { reads } = createReads();
  const { value, tag } = await reads.read('list', ['page'], async (_db, reader) => ({
    reader,
    items: [{ id: 1 }],
  }));
  t.same(value, { reader: { kind: 'public' }, items: [{ id: 1 }] });
  t.equal(tag, bodyTag(value));
  t.throws(() => value.items.push({ id: 2 }), TypeError);
  t.throws(() => Object.assign(value.items[0] ?? {}, { id: 2 }), TypeError);
});

t.test('evicts the oldest values', async (t) => {
  const { reads } = createReads();
  const read = (page: number) => reads.read('list', ['many', page], async () => page);
  for (let page = 0; page < 600; page++) await read(page);
  t.equal((await read(599)).isHit, true);
  t.equal((await read(0)).isHit, false);
});

t.test('treats foreign values in Redis as missing', { skip: noRedis }, async (t) => {
  const server = await startRedis(t);
  const redis = openRedis(server.url, 'x:', recordLog().logger);
  t.teardown(() => redis.client.disconnect());
  await until(() => redis.client.status === 'ready');
  const load: Load<string> = async () => 'true';
  const read = () => createReads(60, redis).reads.read('item', ['post', 1], load);
  const written = await read();
  t.equal(written.isHit, false);
  t.equal((await read()).isHit, true, 'another process finds it');
  const [key = ''] = await server.client.keys('*');
  const good = JSON.parse(String(await server.client.get(key)));

  const poisons: [name: string, text: string][] = [
    ...[null, false, 0, '', 7, 'text', [], {}].map((value): [string, string] => [
      JSON.stringify(value),
      JSON.stringify(value),
    ]),
    ['no JSON', '{"value":'],
    ...[
      { value: undefined },
      { tag: undefined },
      { tag: 7 },
      { tag: 'bare' },
      { tag: '"a\r\nb: c"' },
      { at: undefined },
      { at: null },
      { at: 'now' },
    ].map((change): [string, string] => {
      const text = JSON.stringify({ ...good, ...change });
      return [text, text];
    }),
    ['no end', JSON.stringify(good).replace(/"at":\d+/, '"at":1e999')],
  ];
  for (const [name, text] of poisons) {
    await server.client.set(key, text);
    t.match(await read(), { value: 'true', tag: written.tag, isHit: false }, name);
  }
});
