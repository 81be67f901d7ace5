import t from 'tap';
import { PostViews } from '#src/articles/services/post-views.js';
import { countVisits, deleteOldVisits } from '#src/articles/stores/post-views.js';
import { createTestApp, type TestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { recordLog } from '#test/support/log.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/posts';
const MINUTE_MS = 60_000;

const { logger, lines } = recordLog();
const one = await createTestApp(t, {}, { logger });
const { app, clock } = one;
const two = await createTestApp(t, {}, { databaseUrl: one.databaseUrl, clock: clock.read });

async function viewsOf(id: number): Promise<number> {
  const { rows } = await app.pg.query('select view_count from post_views where post_id = $1', [id]);
  return rows[0].view_count;
}

let count = 0;
const newPost = () => insertTestPost(app, { title: `Post ${++count}` });

/** Reads a URL as a visitor from this IP address. */
function visit(
  { app }: TestApp,
  url: string,
  address: string,
  { method = 'GET', ...headers }: Record<string, string> = {},
) {
  return app.inject({
    method: method as 'GET',
    url,
    remoteAddress: address,
    headers: { 'user-agent': 'Reader/1', ...headers },
  });
}

t.test('counts a visitor once per post in half an hour, across processes', async (t) => {
  const { id, slug } = await newPost();
  const other = await newPost();
  const flush = () => Promise.all([one, two].map(({ app }) => app.flushWrites()));

  for (const url of [`${URL}/${id}`, `${URL}/${id}`, `${URL}/slug/${slug}`]) {
    await visit(one, url, '192.0.2.1');
    await visit(two, url, '192.0.2.1');
  }
  t.equal(await viewsOf(id), 0, 'reading does not write');
  await flush();
  t.equal(await viewsOf(id), 1);

  await visit(one, `${URL}/${id}`, '192.0.2.2');
  await visit(two, `${URL}/${other.id}`, '192.0.2.1');
  await flush();
  t.equal(await viewsOf(id), 2, 'another IP address');
  t.equal(await viewsOf(other.id), 1);

  clock.advance(30 * MINUTE_MS - 1);
  await visit(one, `${URL}/${id}`, '192.0.2.1');
  await flush();
  t.equal(await viewsOf(id), 2);
  clock.advance(1);
  await visit(one, `${URL}/${id}`, '192.0.2.1');
  await flush();
  t.equal(await viewsOf(id), 3, 'counts again after half an hour');
});

t.test('counts a network once, whatever a client can choose', async (t) => {
  const { id } = await newPost();
  for (let n = 0; n < 50; n++) {
    await visit(one, `${URL}/${id}`, '192.0.2.1', { 'user-agent': `Reader/${n}` });
    await visit(two, `${URL}/${id}`, `2001:db8:1:2::${n.toString(16)}`);
    await visit(one, `${URL}/${id}`, `2001:db8:1:2:${n.toString(16)}::1`, { 'user-agent': '' });
    await visit(two, `${URL}/${id}`, `::ffff:192.0.2.${1 + (n % 2)}`, {
      'accept-language': `de;q=0.${n}`,
      cookie: `a=${n}`,
    });
  }
  for (const { app } of [one, two]) await app.flushWrites();
  t.equal(await viewsOf(id), 3, 'two IPv4 addresses and one IPv6 network');
});

t.test('limits the visitors that are remembered, per post and overall', async (t) => {
  await app.pg.query('truncate post_visits');
  const posts: number[] = [];
  for (let n = 0; n < 4; n++) posts.push((await newPost()).id);
  const [first = 0, second = 0, third = 0, fourth = 0] = posts;
  const limits = { perPost: 5, overall: 12 };
  const come = (postId: number, ...visitors: number[]) =>
    countVisits(
      app.db,
      visitors.map((n) => ({ postId, visitorHash: Buffer.from(`${n}`), seenAt: clock.read() })),
      30 * MINUTE_MS,
      limits,
    );
  t.equal(await come(first, 1, 2, 3), 3);
  t.equal(await come(first, 1, 2, 3, 4, 5, 6, 7), 2, 'two places are left');
  t.equal(await come(first, 8), 0);
  clock.advance(10 * MINUTE_MS);
  t.equal(await come(second, 1, 2, 3, 4, 5, 6), 5);
  t.equal(await come(third, 1, 2, 3), 2, 'twelve of all posts');
  t.equal(await come(fourth, 1), 0);
  clock.advance(20 * MINUTE_MS);
  t.equal(await come(fourth, 1, 2), 2, 'the first ones are forgotten');
  t.equal(await come(first, 1, 9), 2);
  const { rows } = await app.pg.query('select view_count from post_views where post_id = any($1)', [
    posts,
  ]);
  t.same(rows.map(({ view_count }) => view_count).sort(), [2, 2, 5, 7]);
});

t.test('cannot be inflated from many addresses', async (t) => {
  const { id } = await newPost();
  await app.pg.query('truncate post_visits');
  const views = new PostViews({ db: app.db, clock: clock.read, secret: 'x', log: logger });
  const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  for (let n = 0; n < 12_000; n++) {
    views.count(id, { address: address(n) });
    if (n % 1000 === 0) await views.flush();
  }
  await views.flush();
  t.equal(await viewsOf(id), 10_000);
  const { rows } = await app.pg.query('select count(*)::integer as n from post_visits');
  t.equal(rows[0].n, 10_000);
  await app.pg.query('truncate post_visits');
});

t.test('counts cached and 304 responses, but not HEAD, prefetches, lists and drafts', async (t) => {
  const alice = await one.signedIn({ username: 'alice' });
  const { id } = await newPost();
  const url = `${URL}/${id}`;
  const { headers } = await visit(one, url, '192.0.2.1');
  await visit(one, url, '192.0.2.2');
  const known = await visit(one, url, '192.0.2.3', { 'if-none-match': String(headers['etag']) });
  t.equal(known.statusCode, 304);
  await visit(one, url, '192.0.2.4', { method: 'HEAD' });
  await visit(one, url, '192.0.2.5', { 'sec-purpose': 'prefetch;prerender' });
  await visit(one, `${URL}`, '192.0.2.6');
  await visit(one, '/feed.xml', '192.0.2.7');
  const draft = await alice.post(URL, { title: 'A draft', content: 'Not yet.' });
  await alice.get(`${URL}/${draft.json.id}`);
  await alice.post(`${URL}/${draft.json.id}/publish`);
  await app.flushWrites();
  t.equal(await viewsOf(id), 3);
  t.equal(await viewsOf(draft.json.id), 0);
});

t.test('stores nothing that identifies a visitor', async (t) => {
  const ids: number[] = [];
  for (let n = 0; n < 2; n++) ids.push((await newPost()).id);
  const visitAll = async () => {
    for (const id of ids) await visit(one, `${URL}/${id}`, '192.0.2.1');
    await app.flushWrites();
  };
  await visitAll();
  const hashes = async () => {
    const { rows } = await app.pg.query(
      'select visitor_hash from post_visits where post_id = any($1)',
      [ids],
    );
    return rows.map(({ visitor_hash }) => visitor_hash.toString('hex'));
  };
  const today = await hashes();
  t.ok(today.every((hash) => /^[0-9a-f]{64}$/.test(hash)));
  t.equal(new Set(today).size, 2, 'differs by post');
  clock.advance(24 * 60 * MINUTE_MS);
  await visitAll();
  t.equal(new Set([...today, ...(await hashes())]).size, 4, 'and by day');
  await deleteOldVisits(app.db, new Date(clock.read().getTime() - 30 * MINUTE_MS));
  t.equal((await hashes()).length, 2, "yesterday's visits are deleted");
});

t.test('counts many visits with one statement', async (t) => {
  const { id } = await newPost();
  for (let n = 0; n < 50; n++) await visit(one, `${URL}/${id}`, `192.0.2.${n}`);
  const statements = await recordStatements(() => app.flushWrites());
  t.equal(statements.length, 1);
  t.same(await recordStatements(() => app.flushWrites()), [], 'and none without visits');
  t.equal(await viewsOf(id), 50);
});

t.test('flushes before the app closes', async (t) => {
  const { id } = await newPost();
  await two.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = two.app.server.address() as { port: number };
  await (await fetch(`http://127.0.0.1:${port}${URL}/${id}`)).text();
  t.equal(await viewsOf(id), 0);
  await two.app.close();
  t.equal(await viewsOf(id), 1);
});

t.test('keeps visits that could not be counted, and ignores deleted posts', async (t) => {
  const [kept, gone] = [await newPost(), await newPost()];
  for (const { id } of [kept, gone]) await visit(one, `${URL}/${id}`, '192.0.2.1');
  await app.pg.query('alter table post_visits rename to elsewhere');
  await app.flushWrites();
  await app.pg.query('alter table elsewhere rename to post_visits');
  const warnings = lines.filter(({ level }) => level === 40);
  t.match(warnings, [{ msg: 'could not save visits, retrying later', visits: 2 }]);
  await visit(one, `${URL}/${kept.id}`, '192.0.2.2');
  await app.pg.query('delete from posts where id = $1', [gone.id]);
  await app.flushWrites();
  t.equal(await viewsOf(kept.id), 2);
});

t.test('never deadlocks between counting and deleting', async (t) => {
  const ids: number[] = [];
  for (let n = 0; n < 20; n++) ids.push((await newPost()).id);
  const visits = (visitor: number, order: number[]) =>
    order.map((postId) => ({
      postId,
      visitorHash: Buffer.from(`visitor ${visitor}`),
      seenAt: clock.read(),
    }));
  const backwards = ids.toReversed();
  const work = Array.from({ length: 30 }, (_, n) =>
    countVisits(app.db, visits(n % 10, n % 2 === 0 ? ids : backwards), 30 * MINUTE_MS),
  );
  const removal = app.pg.query('delete from posts where id = any($1)', [ids.slice(0, 2)]);
  const counted = await Promise.all(work);
  await removal;
  const { rows } = await app.pg.query(
    'select sum(view_count)::integer as sum from post_views where post_id = any($1)',
    [ids],
  );
  t.equal(rows[0].sum, 10 * 18, 'each of ten visitors once per remaining post');
  t.ok(counted.reduce((sum, each) => sum + each) >= 180);
});

t.test('limits the buffer while nothing can be counted', async (t) => {
  const { id } = await newPost();
  await app.flushWrites();
  const { logger, lines } = recordLog();
  const views = new PostViews({ db: app.db, clock: clock.read, secret: 'x', log: logger });
  let visitor = 0;
  const come = (count: number) => {
    for (const end = visitor + count; visitor < end; visitor++) {
      views.count(id, { address: `visitor ${visitor}` });
    }
  };
  await app.pg.query('alter table post_visits rename to elsewhere');
  for (let round = 0; round < 3; round++) {
    come(4500);
    const flushing = views.flush();
    come(1000);
    await flushing;
  }
  await app.pg.query('alter table elsewhere rename to post_visits');
  const waiting = lines.map(({ visits }) => Number(visits));
  t.equal(Math.max(...waiting), 10_000);
  const statements = await recordStatements(() => views.flush());
  t.equal(statements.length, 10, 'a thousand per statement');
  t.equal(await viewsOf(id), 10_000);
  t.match(lines.at(-1), { msg: 'dropped visits: the buffer was full', visits: 6500 });
  t.same(await recordStatements(() => views.flush()), []);
});
