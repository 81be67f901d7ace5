import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import type { Client } from '#test/support/client.js';
import { startDatabaseProxy } from '#test/support/database-proxy.js';
import { recordLog } from '#test/support/log.js';
import { noRedis, startRedis } from '#test/support/redis.js';
import { recordStatements } from '#test/support/statements.js';
import { until } from '#test/support/waiting.js';

const URL = '/api/v1/posts';

/** Reads until the response comes from the cache. */
async function untilHit(client: Client, url: string): Promise<void> {
  await until(async () => (await client.get(url)).headers['x-cache'] === 'hit');
}

/** Starts two processes on one database, in which Alice writes. */
async function prepare(t: Test, settings: { REDIS_URL?: string }) {
  const one = await createTestApp(t, settings);
  const two = await createTestApp(t, settings, { databaseUrl: one.databaseUrl });
  const { pg } = one.app;
  const alice = await one.signedIn({ username: 'alice', nickname: 'Alice' });
  const { rows: users } = await pg.query(`select id from users where username = 'alice'`);
  const { rows: categories } = await pg.query(
    `insert into categories (name, name_folded, slug)
     values ('Databases', 'databases', 'databases') returning id`,
  );
  let count = 0;

  /** Creates a post by Alice, in a category, with a tag and a pending comment. */
  async function newPost() {
    count += 1;
    const { id, slug } = await insertTestPost(one.app, {
      title: `Post ${count}`,
      author_id: users[0].id,
      category_id: categories[0].id,
      tags: ['postgres'],
    });
    await pg.query(
      `insert into comments (post_id, content, content_html, search) values ($1, 'x', 'x', '')`,
      [id],
    );
    return { id, slug, url: `${URL}/${id}` };
  }
  return { one, two, alice, newPost };
}

const kinds = [
  { kind: 'in memory', redis: false },
  { kind: 'in Redis', redis: true },
];

for (const { kind, redis } of kinds) {
  t.test(kind, { skip: redis && noRedis }, async (t) => {
    const server = redis ? await startRedis(t) : null;
    const settings = server === null ? {} : { REDIS_URL: server.url };
    const { one, two, alice, newPost } = await prepare(t, settings);

    await t.test('caches a read, and shares it between concurrent requests', async (t) => {
      const { url, slug } = await newPost();
      const anyone = one.client();
      await untilHit(anyone, url);
      for (const [fresh, queries] of [
        [`${URL}?page=2`, 2],
        [`${URL}/slug/${slug}`, 1],
      ] as const) {
        const replies: Awaited<ReturnType<Client['get']>>[] = [];
        const statements = await recordStatements(async () => {
          const many = Array.from({ length: 50 }, () => anyone.get(fresh));
          replies.push(...(await Promise.all(many)));
        });
        t.equal(statements.length, queries, `50 at once send ${queries} to the database`);
        t.ok(replies.every(({ status, text }) => status === 200 && text === replies[0]?.text));
        const misses = replies.filter(({ headers }) => headers['x-cache'] === 'miss');
        t.equal(misses.length, 1, 'one request reads the database');
        t.same(await recordStatements(() => anyone.get(fresh)), [], 'later requests do not');
      }
    });

    await t.test('shows every change in every process', async (t) => {
      const { id, url } = await newPost();
      const { pg } = one.app;
      const sql = (text: string) => pg.query(text);
      const changes: [name: string, make: () => Promise<unknown>, shows: object | null][] = [
        ['edited', () => alice.patch(url, { title: 'Pooling' }), { title: 'Pooling' }],
        ['taken back', () => alice.post(`${url}/unpublish`), null],
        ['published', () => alice.post(`${url}/publish`), { status: 'published' }],
        [
          'its category renamed',
          () => sql(`update categories set name = 'Data', name_folded = 'data'`),
          { category: { name: 'Data' } },
        ],
        [
          'its tag renamed',
          () => sql(`update tags set name = 'pg', name_folded = 'pg'`),
          { tags: [{ name: 'pg' }] },
        ],
        [
          'its author renamed',
          () => sql(`update users set nickname = 'Al'`),
          { author: { nickname: 'Al' } },
        ],
        [
          'a comment approved',
          () => sql(`update comments set is_approved = true`),
          { comment_count: 1 },
        ],
        ['its tag deleted', () => sql('delete from tags'), { tags: [] }],
        ['a comment deleted', () => sql('delete from comments'), { comment_count: 0 }],
        ['in the trash', () => alice.delete(url), null],
      ];
      const apps = [one, two].map((each) => each.client());
      for (const [name, make, shows] of changes) {
        for (const app of apps) {
          if ((await app.get(url)).status === 200) await untilHit(app, url);
          await untilHit(app, URL);
        }
        await make();
        for (const [index, app] of apps.entries()) {
          const seen = async () => {
            const [post, list] = [await app.get(url), await app.get(URL)];
            const item: unknown = list.json.items.find((item: { id: number }) => item.id === id);
            if (shows === null) return post.status === 404 && item === undefined;
            return matches(post.json, shows) && matches(item, shows);
          };
          // The process that made the change shows it at once, others as soon as they are notified.
          if (index === 0 && make.toString().includes('alice'))
            t.ok(await seen(), `${name}, immediately`);
          await until(seen);
          t.pass(`${name}, in process ${index + 1}`);
        }
      }
    });

    await t.test('never serves an older value to the client that made a change', async (t) => {
      const { url } = await newPost();
      const reader = two.client();
      await untilHit(reader, url);
      let isDone = false;
      // Another process caches all the time, even between a change and its notification.
      const reading = (async () => {
        while (!isDone) {
          await Promise.all([reader.get(url), reader.get(URL)]);
          await setImmediate();
        }
      })();
      const stale: string[] = [];
      for (let round = 0; round < 30; round++) {
        const title = `Round ${round}`;
        // Another process makes a change whose notification may still be on its way.
        const { pg } = two.app;
        await Promise.all([
          pg.query('update comments set is_approved = not is_approved'),
          alice.patch(url, { title }),
        ]);
        const [post, list] = await Promise.all([alice.get(url), one.client().get(URL)]);
        if (post.json.title !== title) stale.push(`post ${round}: ${post.json.title}`);
        if (list.json.items[0].title !== title) stale.push(`list ${round}`);
      }
      isDone = true;
      await reading;
      t.same(stale, []);
      await untilHit(reader, url);
      t.equal((await reader.get(url)).json.title, 'Round 29', 'the other process too');
    });

    await t.test('caches nothing while changes may be missed', async (t) => {
      const { url } = await newPost();
      const reader = one.client();
      await untilHit(reader, url);
      const { pg } = two.app;
      await pg.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'althing-changes' and datname = current_database()`,
      );
      await until(() => !one.app.sharedReads.isCaching);
      for (const title of ['First', 'Second']) {
        await pg.query('update posts set title = $1', [title]);
        const { headers, json } = await reader.get(url);
        t.match({ ...headers, ...json }, { title, 'x-cache': 'miss' });
      }
      await until(() => one.app.sharedReads.isCaching);
      await untilHit(reader, url);
      t.equal((await reader.get(url)).json.title, 'Second');
    });

    await t.test('never serves a draft to others', async (t) => {
      const { url } = await newPost();
      const anyone = one.client();
      const draft = await alice.post(URL, { title: 'Hidden thoughts', content: 'Not yet.' });
      const places = [
        `${URL}/${draft.json.id}`,
        `${URL}/slug/hidden-thoughts`,
        `${URL}?status=draft`,
      ];
      await untilHit(anyone, url);
      for (const place of [...places, ...places]) {
        const own = await alice.get(place);
        t.match(own.text, 'Hidden thoughts');
        t.match(own.headers, { 'x-cache': 'miss', 'cache-control': 'private, no-cache' });
      }
      for (const place of [...places, URL, `${URL}?q=hidden`]) {
        t.notMatch((await anyone.get(place)).text, 'Hidden thoughts', place);
      }
      if (server === null) return;
      const keys = await server.client.keys('*');
      t.ok(keys.length > 0);
      t.notMatch((await server.client.mget(keys)).join(), 'Hidden thoughts');
    });
  });
}

/** Whether `found` contains all properties of `wanted`. */
function matches(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  if (Array.isArray(wanted) && wanted.length !== Object.keys(found).length) return false;
  return Object.entries(wanted).every(([name, value]) =>
    matches((found as Record<string, unknown>)[name], value),
  );
}

t.test(
  'makes HTTP caches revalidate, and forbids shared caches if credentials are sent',
  async (t) => {
    const origin = 'https://app.example.com';
    const one = await createTestApp(t, { CORS_ORIGINS: [origin] });
    const { id } = await insertTestPost(one.app, { title: 'Pools' });
    const alice = await one.signedIn({ username: 'alice' });
    const anyone = one.client();
    for (const url of [URL, `${URL}/${id}`, `${URL}/slug/pools`]) {
      await untilHit(anyone, url);
      const open = await anyone.get(url, { origin });
      t.equal(open.headers['cache-control'], 'public, no-cache');
      t.equal(open.headers['vary'], 'Origin, Cookie, Authorization, X-API-Key');
      t.equal(open.headers['set-cookie'], undefined);
      const own = await alice.get(url);
      t.equal(own.headers['cache-control'], 'private, no-cache');
      t.equal(own.headers['x-cache'], 'hit', 'the content is the same for everyone');
      t.equal(own.headers['etag'], open.headers['etag']);

      const tag = String(open.headers['etag']);
      t.match(tag, /^"[^"]+"$/);
      const known = await anyone.get(url, { 'if-none-match': tag });
      t.equal(known.status, 304);
      t.equal(known.text, '');
      t.match(known.headers, {
        etag: tag,
        'x-cache': 'hit',
        'cache-control': 'public, no-cache',
        vary: 'Cookie, Authorization, X-API-Key',
      });
      await one.app.pg.query(`update posts set title = title || '!'`);
      await until(async () => (await anyone.get(url)).headers['etag'] !== tag);
      t.equal((await anyone.get(url, { 'if-none-match': tag })).status, 200);
    }
  },
);

t.test('shares Redis between processes, but not between releases', { skip: noRedis }, async (t) => {
  const server = await startRedis(t);
  const { one, two, newPost } = await prepare(t, { REDIS_URL: server.url });
  const { url } = await newPost();
  await untilHit(one.client(), url);
  await until(async () => (await two.client().get(url)).headers['x-cache'] === 'hit');
  const fresh = `${URL}?sort=title`;
  const written = await one.client().get(fresh);
  t.equal(written.headers['x-cache'], 'miss');
  const read = await two.client().get(fresh);
  t.equal(read.headers['x-cache'], 'hit', 'one process caches for the other');
  t.equal(read.text, written.text);
  t.equal(read.headers['etag'], written.headers['etag']);
  for (const key of await server.client.keys('*')) {
    t.match(key, /^althing:"[\w-]+":(list|item)~/);
    const [left, most] = [await server.client.ttl(key), key.includes(':list~') ? 60 : 300];
    t.ok(left > 0 && left <= most, `${left} of ${most} seconds left`);
  }
});

t.test('survives Redis stopping, freezing and restarting', { skip: noRedis }, async (t) => {
  const server = await startRedis(t);
  const { logger, lines } = recordLog();
  const said = (text: RegExp) => lines.filter(({ msg }) => text.test(String(msg))).length;
  const { app, client }: TestApp = await createTestApp(t, { REDIS_URL: server.url }, { logger });
  const { id } = await insertTestPost(app, { title: 'Pools' });
  const anyone = client();
  let page = 0;
  const readSomethingNew = async () => {
    page += 1;
    const begin = performance.now();
    const { status, headers } = await anyone.get(`${URL}?page=${page}`);
    t.match({ status, ...headers }, { status: 200, 'x-cache': 'miss' });
    return performance.now() - begin;
  };
  await untilHit(anyone, `${URL}/${id}`);
  const faults = () => said(/^Redis is not responding/);
  const recoveries = () => said(/^Redis is responding again/);
  // A busy machine may have been too slow for it at first.
  await until(() => faults() === recoveries());
  const before = faults();

  await server.kill();
  for (let round = 0; round < 5; round++) await readSomethingNew();
  await untilHit(anyone, `${URL}?page=1`);
  t.equal(faults(), before + 1, 'the log has it once');

  await server.restart();
  await until(() => recoveries() === faults());
  await readSomethingNew();
  t.ok((await server.client.keys('*')).length > 0);
  const again = faults();

  server.freeze();
  const durations: number[] = [];
  for (let round = 0; round < 5; round++) durations.push(await readSomethingNew());
  const [first = 0, ...others] = durations;
  const usual = others.sort((a, b) => a - b)[1] ?? first;
  t.ok(usual < first / 2, `only the first waits: ${durations.map(Math.round)} ms`);
  t.ok(faults() > again);
  server.thaw();
  await until(() => recoveries() === faults());
  await readSomethingNew();
  t.ok((await server.client.keys('*')).length > 1);
});

t.test('closes all connections with the app', { skip: noRedis }, async (t) => {
  const server = await startRedis(t);
  const { one, two, newPost } = await prepare(t, { REDIS_URL: server.url });
  const { url } = await newPost();
  await untilHit(two.client(), url);
  const listeners = async () => {
    const { rows } = await one.app.pg.query(
      `select 1 from pg_stat_activity
       where application_name = 'althing-changes' and datname = current_database()`,
    );
    return rows.length;
  };
  const clients = async () =>
    String(await server.client.client('LIST')).match(/name=althing /g)?.length ?? 0;
  t.same([await listeners(), await clients()], [1, 2]);
  await two.app.close();
  await until(async () => (await listeners()) === 0 && (await clients()) === 1);
});

t.test('waits for a notification only after requests that may change an article', async (t) => {
  const { databaseUrl } = await createTestApp(t);
  const proxy = await startDatabaseProxy(t, databaseUrl);
  const one = await createTestApp(t, { PLAYGROUND: true }, { databaseUrl: proxy.url });
  const alice = await one.signedIn({ username: 'alice' });
  const { id } = (await alice.post(URL, { title: 'Pools', content: 'Deep.' })).json;
  await untilHit(alice, URL);
  await until(() => one.app.sharedReads.isCaching);

  // No notification arrives now, so after a change nothing would be cached for a while.
  proxy.isDeaf = true;
  t.equal((await one.client().signIn('alice', PASSWORD)).status, 200);
  t.equal(
    (await alice.postForm('/api/v1/playground/calc', { a: '1', op: '+', b: '2' })).status,
    200,
  );
  t.equal(one.app.sharedReads.isCaching, true);
  t.equal((await alice.patch(`${URL}/${id}`, { title: '' })).status, 422);
  t.equal(one.app.sharedReads.isCaching, true, 'nothing changed');
  t.equal((await alice.patch(`${URL}/${id}`, { title: 'Ponds' })).status, 200);
  t.equal(one.app.sharedReads.isCaching, false);
  proxy.isDeaf = false;
});
