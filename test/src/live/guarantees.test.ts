import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { readMigrations } from '#src/db/migration-files.js';
import { migrateUp } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import { createTestApp, type TestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import { createTestDatabase } from '#test/support/database.js';
import { assertComplete, followTopic, writeChanges } from '#test/support/live-changes.js';
import { PGBOUNCER, startPgBouncer } from '#test/support/pgbouncer.js';
import { Random } from '#test/support/random.js';
import { until } from '#test/support/waiting.js';

const TOPIC = 'post:2000000000';

async function listen({ app }: TestApp): Promise<string> {
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return `${origin.replace('http', 'ws')}/api/v1/ws`;
}

/** How far behind the writers a client is that has caught up, in events. */
const CLOSE_BY = 100;

/** Cuts connections while changes are made, and at least so many of them. */
async function cutDuring(
  client: ReturnType<typeof followTopic>,
  { random, least }: { random: Random; least: number },
  writing: ReturnType<typeof writeChanges>,
): Promise<void> {
  let isOver = false;
  const working = writing.done.finally(() => {
    isOver = true;
  });
  for (let cuts = 0; client.connections <= least || !isOver; cuts += 1) {
    // Mostly while events arrive as they are made; every third time at any stage: while it connects,
    // or is sent what it has missed.
    if (cuts % 3 !== 0) {
      await until(() => isOver || (client.ids.at(-1) ?? 0) > writing.lastId - CLOSE_BY);
    }
    await sleep(random.int(1, 40));
    client.cut();
  }
  await working;
}

t.test('the ready client has every event once, whatever is cut', async (t) => {
  const one = await createTestApp(t);
  const two = await createTestApp(t, {}, { databaseUrl: one.databaseUrl });
  const random = new Random(28);
  const client = followTopic(t, [await listen(one), await listen(two)], TOPIC);
  const writing = { topic: TOPIC, writers: 50, changes: 200, random };
  const written = writeChanges([one.app, two.app], writing);
  await cutDuring(client, { random, least: 100 }, written);
  await assertComplete(t, one, TOPIC, client);
  t.equal(client.ids.length, 10_000);
});

t.test('through restarts of PostgreSQL', async (t) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'althing-live-'));
  t.teardown(() => rm(dataDirectory, { recursive: true, force: true }));
  let server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.teardown(() => server.stop());
  await migrateUp(server.url, readMigrations(), [jobQueue]);
  const one = await createTestApp(t, {}, { databaseUrl: server.url });
  const two = await createTestApp(t, {}, { databaseUrl: server.url });
  const random = new Random(29);
  const client = followTopic(t, [await listen(one), await listen(two)], TOPIC);
  const written = writeChanges([one.app, two.app], {
    topic: TOPIC,
    writers: 20,
    changes: 100,
    random,
  });
  for (const share of [0.3, 0.6]) {
    await until(() => client.ids.length > share * 2000);
    // Disconnects all clients, as `pg_ctl restart -m fast` does.
    await server.stop();
    server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  }
  await cutDuring(client, { random, least: 10 }, written);
  await assertComplete(t, one, TOPIC, client);
  t.ok(client.ids.length >= 2000, `${client.ids.length} events`);
});

const withPgBouncer = PGBOUNCER === undefined ? { skip: 'needs the program pgbouncer' } : {};

t.test('through PgBouncer in transaction mode', withPgBouncer, async (t) => {
  const directUrl = await createTestDatabase(t);
  const databaseUrl = await startPgBouncer(t, directUrl);
  // PgBouncer 1.18 knows no prepared statements.
  const settings = { DB_NAMED_STATEMENTS: false };
  const one = await createTestApp(t, settings, { databaseUrl, directUrl });
  const two = await createTestApp(t, settings, { databaseUrl, directUrl });
  const urls = [await listen(one), await listen(two)];
  const random = new Random(30);
  const client = followTopic(t, urls, TOPIC);
  const writing = { topic: TOPIC, writers: 20, changes: 100, random };
  await cutDuring(client, { random, least: 30 }, writeChanges([one.app, two.app], writing));
  await assertComplete(t, one, TOPIC, client);
  t.equal(client.ids.length, 2000);

  // A process keeps responses only while notifications arrive.
  const author = await one.createUser({ username: 'author', role: 'author' });
  const { id } = await insertTestPost(one.app, { title: 'Kept', author_id: author.id });
  const reader = two.client();
  await until(async () => {
    const { headers } = await reader.get(`/api/v1/posts/${id}`);
    return headers['x-cache'] === 'hit';
  });
  const pooled = await createTestApp(t, settings, { databaseUrl });
  await sleep(1000);
  for (let reads = 0; reads < 3; reads += 1) {
    const { headers } = await pooled.client().get(`/api/v1/posts/${id}`);
    t.equal(headers['x-cache'], 'miss', 'not without the direct connection');
  }
});
