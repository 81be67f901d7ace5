import t from 'tap';
import { MAX_POST_LENGTH } from '#schemas/posts.js';
import { MAX_POST_HTML } from '#schemas/rendered-html.js';
import { Memory, weigh } from '#src/cache/memory.js';
import { openRedis, type RedisConnection } from '#src/cache/redis-client.js';
import { type Load, SharedReads, type SharedReadsOptions } from '#src/cache/shared-reads.js';
import { bodyTag } from '#src/lib/entity-tag.js';
import { createTestApp } from '#test/support/app.js';
import { recordLog } from '#test/support/log.js';
import { noRedis, startRedis } from '#test/support/redis.js';
import { until } from '#test/support/waiting.js';

const { app } = await createTestApp(t);

/** Creates a cache with a state that changes only when a test sets it. */
function createReads(
  lifetime = 60,
  redis: RedisConnection | null = null,
  limits: Pick<SharedReadsOptions, 'limits'> = {},
) {
  const state = { name: 'one', isCertain: true };
  const reads = new SharedReads({
    db: app.db,
    state: { get: () => ({ ...state }), start: () => undefined, invalidate: () => undefined },
    redis,
    lifetimes: { list: lifetime, item: lifetime },
    ...limits,
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

t.test('limits what it caches by bytes, for each kind', async (t) => {
  const share = { entries: 500, bytes: 8_000_000 };
  const { reads } = createReads(60, null, { limits: { list: share, item: share } });
  const read = (kind: 'list' | 'item', name: string, length: number) =>
    reads.read(kind, [name], async () => ({ html: 'x'.repeat(length) }));
  const isKept = async (kind: 'list' | 'item', name: string) => (await read(kind, name, 1)).isHit;
  await read('list', 'of another kind', 1000);
  await read('item', 'small', 1000);
  for (let index = 0; index < 12; index += 1) {
    await read('item', `large ${index}`, 400_000);
    t.equal(await isKept('item', 'small'), true, 'what is read again and again stays');
  }
  const kept = [];
  for (let index = 11; index >= 0; index -= 1) kept.push(await isKept('item', `large ${index}`));
  t.same(kept.slice(0, 9), Array(9).fill(true), 'two bytes for each character');
  t.equal(kept.slice(10).includes(true), false);
  t.equal(await isKept('list', 'of another kind'), true);

  await read('item', 'huge', 600_000);
  t.equal((await read('item', 'huge', 600_000)).isHit, false, 'more than an eighth');
  t.equal(await isKept('item', 'large 11'), true, 'and displaces nothing');
  const many = await Promise.all([1, 2, 3].map(() => read('item', 'huge', 600_000)));
  t.equal(many.filter(({ isHit }) => !isHit).length, 1, 'but concurrent requests share it');
});

t.test('has room for the largest post, and a total for a small container', async (t) => {
  const { reads } = createReads();
  const post = (id: number) =>
    reads.read('item', ['post', id], async () => ({
      content: '数'.repeat(MAX_POST_LENGTH),
      content_html: 'x'.repeat(MAX_POST_HTML),
    }));
  await post(1);
  t.equal((await post(1)).isHit, true);
  for (let id = 2; id <= 250; id += 1) await post(id);
  const hits = [];
  for (let id = 250; id > 0 && (await post(id)).isHit; id -= 1) hits.push(id);
  const bytes = hits.length * 2 * (MAX_POST_LENGTH + MAX_POST_HTML);
  t.ok(bytes < 40 * 1024 * 1024, `${hits.length} of 250`);
  t.ok(hits.length > 5);
});

t.test('weighs strings, keys and objects', async (t) => {
  const text = 'x'.repeat(1000);
  t.ok(weigh(text) >= 2000 && weigh(text) < 2100);
  const rows = Array.from({ length: 1000 }, (_, id) => ({ id, author: { id, name: 'a' } }));
  t.ok(weigh(rows) > 100_000 && weigh(rows) < 400_000, `${weigh(rows)}`);
  const memory = new Memory({ entries: 10_000, bytes: 1_000_000 });
  for (let index = 0; index < 500; index += 1) {
    memory.set(`${'k'.repeat(5000)}${index}`, {}, 60);
  }
  t.equal(memory.get(`${'k'.repeat(5000)}0`), undefined, 'keys count too');
  t.same(memory.get(`${'k'.repeat(5000)}499`), {});
});

t.test('does not store values that are too large in Redis', { skip: noRedis }, async (t) => {
  const server = await startRedis(t);
  const redis = openRedis(server.url, 'x:', recordLog().logger);
  t.teardown(() => redis.client.disconnect());
  await until(() => redis.client.status === 'ready');
  const read = (name: string, length: number) =>
    createReads(60, redis).reads.read('item', [name], async () => 'x'.repeat(length));
  for (const length of [1000, 1_000_000, 5_000_000]) await read(String(length), length);
  t.equal((await read('1000', 1)).isHit, true);
  t.equal((await read('1000000', 1)).isHit, true);
  t.equal((await read('5000000', 1)).isHit, false);
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
