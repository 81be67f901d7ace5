import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { MAX_COMMENTS_PER_AUTHOR } from '#schemas/comments.js';
import { MAX_POSTS_PER_AUTHOR } from '#schemas/posts.js';
import { MAX_INVITATIONS_PER_PROJECT } from '#schemas/project-invitations.js';
import { MAX_LABELS_PER_PROJECT } from '#schemas/project-labels.js';
import { MAX_MEMBERS_PER_PROJECT } from '#schemas/project-members.js';
import { MAX_TASKS_PER_PROJECT } from '#schemas/project-tasks.js';
import { MAX_PROJECTS_PER_USER } from '#schemas/projects.js';
import { SCOPE_NAMES } from '#schemas/scopes.js';
import { MAX_TOPICS } from '#schemas/topics.js';
import { MAX_FORMER_SLUGS } from '#src/articles/stores/post-slugs.js';
import { MAX_KEYS, MAX_RESPONSE_BYTES } from '#src/db/idempotency-quota.js';
import { type Schema, tables } from '#src/db/tables.js';
import { projectRoot } from '#src/lib/project-root.js';
import {
  MAX_FROM_NETWORK,
  MAX_REGISTRATIONS,
  MAX_WITH_EMAIL,
} from '#src/people/services/registrations.js';
import { MAX_SESSIONS } from '#src/people/services/sessions.js';
import { MAX_REFRESH_TOKENS } from '#src/people/services/tokens.js';
import { MAX_JOBS } from '#src/queue/jobs.js';
import { enqueue, MAX_FAILED_JOBS } from '#src/queue/store.js';
import { ADDED_AT_MOST, MAX_THROTTLES } from '#src/throttling/throttling.js';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import { insertTestPost } from '#test/support/articles.js';
import type { Reply } from '#test/support/client.js';
import { contract } from '#test/support/contract.js';
import { operationsOf } from '#test/support/generate-request.js';

const POSTS = '/api/v1/posts';
const PROJECTS = '/api/v1/projects';
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** What ends the growth of each table. A new table must be named here. */
const TABLE_BOUNDS: Record<keyof Schema, string> = {
  users: 'REGISTRATION_MAX_USERS; beyond it only administrators create accounts',
  sessions: 'MAX_SESSIONS per user; hourly job',
  refresh_tokens: 'MAX_REFRESH_TOKENS per session; hourly job',
  api_keys: 'MAX_API_KEYS per user',
  calendar_tokens: 'one per user',
  devices: 'MAX_DEVICES per user; hourly job',
  registrations: 'per email address (the oldest go), per network and in total; hourly job',
  email_tokens: 'one per user and purpose; hourly job',
  audit_log:
    'AUDIT_RETENTION_DAYS, hourly job; MAX_ENTRY_BYTES per entry; entries of a network per minute ' +
    'by the limits of operations, refused attempts per network and in total, else UNLIMITED',
  audit_repeats: 'at most one row per entry of the audit log, and removed with it',
  idempotency_keys: 'MAX_KEYS and MAX_RESPONSE_BYTES per caller; hourly job',
  throttles: 'MAX_THROTTLES; hourly job',
  categories: 'MAX_TOPICS',
  tags: 'MAX_TOPICS by editors, others with their last post; hourly job',
  posts: 'MAX_POSTS_PER_AUTHOR, including the trash',
  post_slugs: 'MAX_FORMER_SLUGS per post',
  post_tags: 'MAX_POST_TAGS per post',
  comments: 'MAX_COMMENTS_PER_AUTHOR, including the trash',
  post_views: 'one per post',
  post_visits: 'per post and overall in half an hour (test/routes/api/v1/post-views.test.ts); job',
  tasks: 'MAX_TASKS_PER_OWNER and MAX_TASKS_PER_PROJECT, including the trash',
  project_labels: 'MAX_LABELS_PER_PROJECT',
  task_comments: 'MAX_COMMENTS_PER_TASK (test/routes/api/v1/task-comments.test.ts)',
  task_watchers: 'one per task and member: MAX_MEMBERS_PER_PROJECT',
  task_mutes: 'MAX_MUTED_TASKS per user (test/routes/api/v1/mutes.test.ts)',
  task_relations: 'MAX_RELATIONS_PER_TASK (test/routes/api/v1/task-relations.test.ts)',
  projects: 'MAX_PROJECTS_PER_USER, including the trash; purged with their last member',
  project_keys: 'MAX_KEYS_PER_PROJECT',
  project_members: 'MAX_MEMBERS_PER_PROJECT',
  project_invitations: 'MAX_INVITATIONS_PER_PROJECT; hourly job',
  notifications: 'MAX_NOTIFICATIONS per user, 180 days; MAX_PER_CHANGE at once; hourly job',
  notification_mailings: 'one per user',
  notification_settings: 'one per user',
  events: 'EVENT_RETENTION_DAYS, hourly job; operations that write them have limits',
  event_removals: 'one row',
  presences: 'one per live connection: MAX_CONNECTIONS of each process; those of a dead one expire',
  rerendering: 'one row',
  migrations: 'one per migration',
};

/** What ends the growth of each collection that lives as long as the process. */
const MEMORY_BOUNDS: Record<string, string> = {
  'plugins/allowed-methods.ts fixedPaths': 'one per route',
  'plugins/batched-writes.ts held': 'MAX_CONNECTIONS, until the end of the turn',
  'plugins/batched-writes.ts known': 'one per connection, by weak reference',
  'plugins/connections.ts #idle': 'MAX_CONNECTIONS',
  'plugins/connections.ts #open': 'MAX_CONNECTIONS',
  'plugins/connections.ts #perNetwork': 'MAX_CONNECTIONS',
  'plugins/connections.ts #perSite': 'MAX_CONNECTIONS',
  'plugins/connections.ts #waiting': 'one per connection, removed when it may go on',
  'plugins/connections.ts ending': 'one per connection, by weak reference',
  'plugins/connections.ts refused': 'one per connection, by weak reference',
  'plugins/connections.ts unfinished': 'one per connection, by weak reference',
  'plugins/in-flight.ts #ends': 'MAX_CONNECTIONS, until the pause ends',
  'plugins/live.ts clients': 'one per live connection: MAX_CONNECTIONS',
  'plugins/malformed-urls.ts errors': 'one per request, by weak reference',
  'plugins/rate-limit.ts groups': 'one per operation',
  'plugins/recent-credentials.ts listeners': 'one per plugin that follows credentials',
  'plugins/serialization.ts serializers': 'one per schema',
  'plugins/serialization.ts waiting': 'one per route, removed when compiled',
  'plugins/validation.ts validations': 'one per route',
  'plugins/validation.ts routes': 'one per route',
  'plugins/write-behind.ts buffers': 'one per plugin that registers one',
  'src/markdown/html-text.ts #parts': 'one text: a new instance each time',
  'src/articles/services/post-views.ts #waiting': 'MAX_WAITING',
  'src/cache/shared-json.ts #kept': 'one per schema and cached value, by weak reference',
  'src/db/channel-listener.ts #awaited': 'one per echo, removed when it ends',
  'src/db/database.ts lookups': 'one per pool, by weak reference',
  'src/db/pipeline.ts #lanes': 'DB_POOL_MAX',
  'src/lib/byte-budget.ts #held': 'the budget',
  'src/lib/limiter.ts #inside': 'the limit',
  'src/lib/queued-limiter.ts #inside': 'places',
  'src/lib/queued-limiter.ts #queue': 'waiting',
  'src/lib/queued-limiter.ts #waiting': 'waiting',
  'src/lib/validation/compiler.ts #slots': 'one per schema',
  'src/lib/validation/quick.ts #values': 'one per schema',
  'src/lib/validation/secrets.ts #fields': 'one per schema',
  'src/lib/validation/secrets.ts #items': 'one per schema',
  'src/lib/validation/secrets.ts #numbers': 'one per schema',
  'src/lib/validation/secrets.ts #parts': 'one per schema',
  'src/lib/validation/secrets.ts #known': 'one per schema',
  'src/lib/validation/secrets.ts #patterns': 'one per schema',
  'src/live/services/event-feed.ts #subscribers': 'MAX_CONNECTIONS times MAX_TOPICS',
  'src/live/services/event-feed.ts #recent': 'MAX_RECENT and MAX_RECENT_BYTES',
  'src/live/services/live-client.ts #replays': 'MAX_REPLAYS',
  'src/live/services/live-client.ts #topics': 'MAX_TOPICS',
  'src/live/services/live-client.ts #waiting': 'MAX_WAITING',
  'src/live/services/looks.ts #looks': 'one per live connection: MAX_CONNECTIONS',
  'src/live/services/looks.ts #unwritten': 'one per live connection, until it is written',
  'src/live/services/looks.ts #changed': 'two per change of a live connection, until it is written',
  'src/live/services/presence.ts #due': 'MAX_CONNECTIONS times MAX_TOPICS',
  'src/live/services/presence.ts #projects': 'MAX_CONNECTIONS times MAX_TOPICS',
  'src/live/services/presence.ts #topics': 'MAX_CONNECTIONS times MAX_TOPICS',
  'src/live/services/presence-client.ts #sent': 'MAX_TOPICS, as references to lists of a topic',
  'src/live/services/presence-client.ts #watched': 'MAX_TOPICS',
  'src/mail/outbox.ts #mails': 'KEPT',
  'src/people/lib/passwords.ts dummies': 'one per cost, of which there is one',
  'src/queue/job-worker.ts #lost': 'cleared when the workers are replaced',
};

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}

async function count({ app }: TestApp, table: string, where = 'true'): Promise<number> {
  const { rows } = await app.pg.query(`select count(*)::int as n from ${table} where ${where}`);
  return rows[0].n;
}

async function run({ app }: TestApp, task: Parameters<typeof enqueue>[1]): Promise<void> {
  await enqueue(app.db, task, {} as never);
  await app.runJobs();
}

/** Inserts jobs of a task that the queue knows by now. */
async function insertJobs(
  { app }: TestApp,
  jobs: number,
  { attempts = 0, max_attempts }: { attempts?: number; max_attempts: number },
): Promise<void> {
  await app.pg.query(
    `insert into graphile_worker._private_jobs (task_id, payload, attempts, max_attempts)
     select (select min(id) from graphile_worker._private_tasks), '{}', $1, $2
     from generate_series(1, $3::int)`,
    [attempts, max_attempts, jobs],
  );
}

t.test('every table has a bound', async (t) => {
  t.same(Object.keys(TABLE_BOUNDS).sort(), Object.keys(tables).sort());
});

t.test('every collection that lives as long as the process has a bound', async (t) => {
  const empty = '(?:: .+)? = (?:new (?:Weak)?(?:Map|Set)(?:<.*>)?\\(\\)|\\[\\]);$';
  const ofModule = new RegExp(`^(?:export )?(?:const|let) (\\w+)${empty}`);
  const ofClass = new RegExp(`^ {2}(?:static )?(?:readonly )?(#\\w+)${empty}`);
  const ofPlugin = new RegExp(`^ {4}(?:const|let) (\\w+)${empty}`);
  const found = ['plugins', 'routes', 'src'].flatMap((folder) =>
    sourcesBelow(folder).flatMap((path) => {
      const patterns = [ofModule, ofClass, ...(folder === 'plugins' ? [ofPlugin] : [])];
      return readFileSync(join(projectRoot, path), 'utf8')
        .split('\n')
        .flatMap((line) => patterns.flatMap((pattern) => pattern.exec(line)?.[1] ?? []))
        .map((name) => `${path} ${name}`);
    }),
  );
  t.same(found.sort(), Object.keys(MEMORY_BOUNDS).sort());
});

/** The maximum size of `before` and `after` of an entry of the audit log, as JSON. */
const MAX_ENTRY_BYTES = 2048;

/**
 * Operations without a limit of their own, although those who are not administrators can call them,
 * and what else ends the growth of the tables they write to.
 */
const UNLIMITED: Record<string, string> = {
  'auth-logout': 'one entry per session, and signing in is limited',
  'sessions-end': 'one entry per session, and signing in is limited',
  'api-keys-delete': 'one entry per key, and creating keys is limited',
  'tokens-revoke': 'one entry per session, and signing in is limited',
  'passwords-check': 'writes nothing',
};

t.test('limits every operation that adds to a table, unless only for administrators', async (t) => {
  const test = await createTestApp(t, {
    RATE_LIMIT: 100_000,
    LOGIN_RATE_LIMIT: 10_000,
    COMMENT_RATE_LIMIT: 10_000,
    ARTICLE_RATE_LIMIT: 10_000,
    PLAYGROUND: false,
  });
  await test.createUser({ username: 'ed', role: 'editor' });
  const unlimited: string[] = [];
  for (const { id, method, path } of operationsOf(contract)) {
    if (method === 'GET' || path.startsWith('/api/v1/playground') || path.includes('/ws')) continue;
    const url = path.replaceAll(/\{\w+\}/g, '99999');
    const editor = test.client();
    await editor.signIn('ed', PASSWORD);
    const { json, headers } = await editor.request({ method: method as 'POST', url, payload: {} });
    if (headers['x-ratelimit-limit'] !== '100000' || json?.code === 'admin_required') continue;
    unlimited.push(id);
  }
  t.same(unlimited.sort(), Object.keys(UNLIMITED).sort());
});

t.test('bounds an entry of the audit log, whatever a request contains', async (t) => {
  const test = await createTestApp(t);
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const guest = await test.signedIn({ username: 'guest', role: 'guest' });
  const wide = (length: number, seed: string) => `${seed}${'𝒜'.repeat(length - seed.length)}`;
  const list = (items: number, seed: string) =>
    Array.from({ length: items }, (_, at) => wide(50, `${seed}${at}`));
  const avatar = (seed: string) => wide(256, `https://example.com/${seed}`);
  const profile = (seed: string) => ({
    nickname: wide(50, seed),
    bio: wide(2000, seed),
    avatar_url: avatar(seed),
    age: 150,
    tags: list(50, seed),
    address: { street: wide(200, seed), city: wide(100, seed), zipcode: wide(20, seed) },
  });
  const post = (seed: string) => ({
    title: wide(200, seed),
    slug: `${seed}-${'x'.repeat(198)}`,
    content: wide(5000, seed),
    summary: wide(500, seed),
    tags: list(10, seed),
  });
  const topic = (seed: string) => ({ name: wide(50, seed), slug: `${seed}-${'x'.repeat(48)}` });
  const named = {
    ...profile('c'),
    username: 'n'.repeat(50),
    email: `${'m'.repeat(60)}@example.com`,
  };
  const { id } = (await guest.get('/api/v1/me')).json;

  const send = async (what: string, status: number, reply: Promise<Reply>) => {
    const { json, ...answer } = await reply;
    t.equal(answer.status, status, `${what}: ${answer.status < 400 ? '' : answer.text}`);
    return json;
  };
  await send('profile', 200, guest.patch('/api/v1/me', profile('a')));
  await send('profile again', 200, guest.patch('/api/v1/me', profile('b')));
  await send('own user', 200, guest.patch(`/api/v1/users/${id}`, profile('a')));
  const user = await send('user', 201, admin.post('/api/v1/users', named));
  await send(
    'users',
    201,
    admin.post('/api/v1/users/bulk', [{ ...named, username: 'u2', email: null }]),
  );
  await send('replaced', 200, admin.put(`/api/v1/users/${user.id}`, { ...named, ...profile('d') }));
  const { id: written } = await send('post', 201, admin.post(POSTS, post('a')));
  await send('post changed', 200, admin.patch(`${POSTS}/${written}`, post('b')));
  await send('post deleted', 204, admin.delete(`${POSTS}/${written}`));
  const category = { ...topic('a'), description: wide(200, 'a') };
  const { id: kind } = await send('category', 201, admin.post('/api/v1/categories', category));
  await send('category changed', 200, admin.patch(`/api/v1/categories/${kind}`, topic('b')));
  const key = { name: wide(100, 'k'), scopes: SCOPE_NAMES, current_password: PASSWORD };
  await send('key', 201, guest.post('/api/v1/me/api-keys', key));
  const agent = test.client().withHeaders({ 'user-agent': 'x'.repeat(8000) });
  await send('signed in', 200, agent.signIn('guest', PASSWORD));

  const { rows } = await test.app.pg.query<{ action: string; bytes: number; after: object }>(
    `select action, after,
       coalesce(octet_length(before::text), 0) + coalesce(octet_length(after::text), 0) as bytes
     from audit_log order by bytes desc`,
  );
  t.ok(rows.length >= 14, `${rows.length} entries`);
  for (const { action, bytes } of rows) t.ok(bytes <= MAX_ENTRY_BYTES, `${action}: ${bytes} bytes`);
  const created = rows.find(({ action }) => action === 'api_key.create');
  t.match(created?.after, { scopes: SCOPE_NAMES }, 'keeps the scopes of a key');
  const [{ after }] = (await admin.get('/api/v1/audit?action=account.change&size=1')).json.items;
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const { bio, tags } = profile('b');
  t.match(after, { bio_sha256: hash(bio), tags_sha256: hash(JSON.stringify(tags)) });
  t.notOk('bio' in after);
});

t.test('bounds the stored responses of a user by number', async (t) => {
  const test = await createTestApp(t);
  const { app, clock } = test;
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  const { id } = (await admin.get('/api/v1/me')).json;
  const post = (username: string, key: string) =>
    admin.post('/api/v1/users', { username }, { 'idempotency-key': key });
  t.equal((await post('first', 'a')).status, 201);
  await app.pg.query(
    `insert into idempotency_keys (caller, key, request_hash, status, headers, created_at)
     select 'user:' || $1, 'k' || n, '', 201, '{}', $2 from generate_series(1, $3::int) n`,
    [id, new Date(clock.read().getTime() - HOUR), MAX_KEYS - 2],
  );
  t.equal((await post('second', 'b')).status, 201);
  const refused = await post('third', 'c');
  t.match([refused.status, refused.json.code], [429, 'too_many_idempotency_keys']);
  t.equal(refused.headers['retry-after'], String((23 * HOUR) / 1000));
  t.equal((await admin.get('/api/v1/users?q=third')).json.total, 0, 'nothing was executed');
  t.equal((await post('first', 'a')).headers['idempotent-replayed'], 'true', 'still replayed');
  t.equal((await admin.post('/api/v1/users', { username: 'fourth' })).status, 201, 'without a key');
  const other = await test.signedIn({ username: 'other', role: 'admin' });
  const key = { 'idempotency-key': 'c' };
  t.equal((await other.post('/api/v1/users', { username: 'fifth' }, key)).status, 201);
  clock.advance(23 * HOUR);
  await admin.signIn('root', PASSWORD);
  t.equal((await post('third', 'c')).status, 201, 'old keys no longer count');
});

t.test('bounds the stored responses of a user by size', async (t) => {
  const test = await createTestApp(t);
  const author = await test.signedIn({ username: 'root', role: 'admin' });
  const { id } = (await author.get('/api/v1/me')).json;
  await test.app.pg.query(
    `insert into idempotency_keys (caller, key, request_hash, status, headers, body, created_at)
     select 'user:' || $1, 'k' || n, '', 201, '{}', to_jsonb((
       select string_agg(md5(random()::text || n || part), '')
       from generate_series(1, 32768) part)), $2
     from generate_series(1, $3::int) n`,
    [id, test.clock.read(), MAX_RESPONSE_BYTES / (1024 * 1024)],
  );
  const refused = await author.post(
    '/api/v1/users',
    { username: 'x1' },
    { 'idempotency-key': 'a' },
  );
  t.match([refused.status, refused.json.code], [429, 'too_many_idempotency_keys']);
});

t.test('no stranger uses up the keys of the others', async (t) => {
  const { app, client, clock } = await createTestApp(
    t,
    {},
    {
      routes: (app) => {
        app.post('/test/anonymous', { config: { csrf: false } }, async () => ({ done: true }));
      },
    },
  );
  await app.pg.query(
    `insert into idempotency_keys (caller, key, request_hash, status, headers, created_at)
     select 'anonymous', 'k' || n, '', 201, '{}', $1::timestamptz - n * interval '1 second'
     from generate_series(1, $2::int) n`,
    [clock.read(), MAX_KEYS],
  );
  const url = '/test/anonymous';
  const headers = { 'idempotency-key': 'a' };
  const reply = await app.inject({ method: 'POST', url, headers });
  t.equal(reply.statusCode, 200, reply.body);
  const { rows } = await app.pg.query<{ key: string }>('select key from idempotency_keys');
  t.equal(rows.length, MAX_KEYS);
  t.notOk(
    rows.some(({ key }) => key === `k${MAX_KEYS}`),
    'the oldest is gone',
  );
  t.ok(client);
});

t.test('ends the oldest sessions of a user beyond the limit', async (t) => {
  const test = await createTestApp(t);
  const { clock } = test;
  const first = await test.signedIn({ username: 'alice' });
  const { id } = (await first.get('/api/v1/me')).json;
  clock.advance(1000);
  const second = test.client();
  await second.signIn('alice', PASSWORD);
  clock.advance(60_000);
  t.equal((await first.get('/api/v1/me')).status, 200, 'renews the session');
  await test.app.pg.query(
    `insert into sessions (kind, user_id, last_seen_at, expires_at)
     select 'token', $1, $2, $2::timestamptz + interval '1 day' from generate_series(1, $3::int)`,
    [id, clock.read(), MAX_SESSIONS - 2],
  );
  clock.advance(1000);
  await test.client().signIn('alice', PASSWORD);
  t.equal(await count(test, 'sessions'), MAX_SESSIONS);
  t.equal((await first.get('/api/v1/me')).status, 200);
  t.equal((await second.get('/api/v1/me')).status, 401, 'used least recently');
  t.same(
    (await test.app.pg.query(`select actor_id, after from audit_log where action = 'session.end'`))
      .rows,
    [{ actor_id: id, after: { evicted: true } }],
  );
});

t.test('bounds the refresh tokens of a session, and still recognizes their reuse', async (t) => {
  const test = await createTestApp(t);
  await test.createUser({ username: 'alice' });
  const ask = (form: Record<string, string>) => test.client().postForm('/api/v1/auth/token', form);
  const refresh = (refresh_token: string) => ask({ grant_type: 'refresh_token', refresh_token });
  const first = (await ask({ username: 'alice', password: PASSWORD })).json.refresh_token;
  let newest = first;
  for (let index = 0; index < MAX_REFRESH_TOKENS + 20; index += 1) {
    test.clock.advance(10_000);
    newest = (await refresh(newest)).json.refresh_token;
  }
  t.equal(await count(test, 'refresh_tokens'), MAX_REFRESH_TOKENS);
  t.match(await refresh(first), { status: 401, json: { code: 'invalid_token' } });
  t.equal((await refresh(newest)).status, 401, 'reuse of a deleted token ends the session');
  t.equal(await count(test, 'audit_log', `action = 'token.reuse'`), 1);
});

t.test('bounds unconfirmed registrations', async (t) => {
  const test = await createTestApp(t);
  const { clock } = test;
  const register = (username: string, email: string, remoteAddress = '192.0.2.1') =>
    test.client().request({
      method: 'POST',
      url: '/api/v1/auth/register',
      remoteAddress,
      payload: {
        username,
        email,
        password: PASSWORD,
        confirm_password: PASSWORD,
        agree_terms: true,
      },
    });
  for (let index = 0; index < MAX_WITH_EMAIL; index += 1) {
    const address = `198.51.100.${index}`;
    t.equal((await register(`a_${index}`, 'same@example.com', address)).status, 201);
  }
  clock.advance(HOUR);
  const same = await register('a_x', 'SAME@example.com', '198.51.100.200');
  t.equal(same.status, 201, 'takes the place of the oldest');
  t.equal(await count(test, 'registrations'), MAX_WITH_EMAIL);
  t.equal(await count(test, 'registrations', `username = 'a_0'`), 0);

  for (let index = 0; index < MAX_FROM_NETWORK; index += 1) {
    const address = `2001:db8::${index + 1}`;
    t.equal((await register(`b_${index}`, `b${index}@example.com`, address)).status, 201);
  }
  const near = await register('b_x', 'bx@example.com', '2001:db8::ffff');
  t.match([near.status, near.json.code], [429, 'too_many_registrations']);
  t.equal(near.headers['retry-after'], String(DAY / 1000), 'when the first one expires');
  const far = '2001:db8:0:1::1';
  t.equal((await register('b_y', 'by@example.com', far)).status, 201);
  const entries = await count(test, 'audit_log', `action = 'account.register'`);
  t.equal(entries, MAX_WITH_EMAIL + MAX_FROM_NETWORK + 2, 'refused ones are not recorded');

  await test.app.pg.query(
    `insert into registrations
       (username, username_folded, email, email_folded, password_hash, expires_at)
     select 'c_' || n, 'c_' || n, 'c' || n || '@example.com', 'c' || n || '@example.com', 'x', $1
     from generate_series(1, $2::int - (select count(*)::int from registrations)) n`,
    [new Date(clock.read().getTime() + HOUR), MAX_REGISTRATIONS],
  );
  const late = await register('d_1', 'd@example.com', '203.0.113.1');
  t.match([late.status, late.json.code], [503, 'too_busy']);
  clock.advance(DAY);
  t.equal((await register('d_2', 'd@example.com', '203.0.113.1')).status, 201, 'when they expire');
});

t.test('registrations cannot exceed the limit together', async (t) => {
  const test = await createTestApp(t);
  await test.app.pg.query(
    `insert into registrations
       (username, username_folded, email, email_folded, password_hash, expires_at)
     select 'c_' || n, 'c_' || n, 'c' || n || '@example.com', 'c' || n || '@example.com', 'x', $1 from generate_series(1, $2::int) n`,
    [new Date(test.clock.read().getTime() + HOUR), MAX_REGISTRATIONS - 2],
  );
  const replies = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      test.client().post('/api/v1/auth/register', {
        username: `e_${index}`,
        email: `e${index}@example.com`,
        password: PASSWORD,
        confirm_password: PASSWORD,
        agree_terms: true,
      }),
    ),
  );
  t.equal(replies.filter(({ status }) => status === 201).length, 2);
  t.equal(await count(test, 'registrations'), MAX_REGISTRATIONS);
});

t.test('closes registration when there are too many users', async (t) => {
  const test = await createTestApp(t, { REGISTRATION_MAX_USERS: 2 });
  const body = { password: PASSWORD, confirm_password: PASSWORD, agree_terms: true };
  const register = (username: string) =>
    test
      .client()
      .post('/api/v1/auth/register', { ...body, username, email: `${username}@example.com` });
  const admin = await test.signedIn({ username: 'root', role: 'admin' });
  t.equal((await register('alice')).status, 201);
  t.equal((await admin.post('/api/v1/users', { username: 'bob' })).status, 201);
  t.match(await register('carol'), { status: 403, json: { code: 'registration_closed' } });
  t.equal((await admin.post('/api/v1/users', { username: 'dave' })).status, 201);
});

t.test('takes no more mails to send while very many jobs wait', async (t) => {
  const test = await createTestApp(t);
  const forgot = (email: string) => test.client().post('/api/v1/auth/forgot-password', { email });
  for (const email of ['a@example.com', 'A@example.com', 'a@example.com']) {
    t.equal((await forgot(email)).status, 202);
  }
  t.equal(await count(test, 'graphile_worker.jobs'), 1, 'one job per address');
  await insertJobs(test, MAX_JOBS - 1, { max_attempts: 5 });
  t.match(await forgot('b@example.com'), { status: 503, json: { code: 'too_busy' } });
  t.match(
    await test.client().post('/api/v1/auth/verify-email/resend', { email: 'c@example.com' }),
    {
      status: 503,
    },
  );
});

t.test('keeps the newest failed jobs', async (t) => {
  const test = await createTestApp(t);
  await enqueue(test.app.db, 'remove_failed_jobs', {});
  await insertJobs(test, MAX_FAILED_JOBS + 5, { attempts: 5, max_attempts: 5 });
  await test.app.pg.query(`delete from graphile_worker._private_jobs where attempts = 0`);
  const oldest = async () =>
    (await test.app.pg.query('select min(id)::int as id from graphile_worker.jobs')).rows[0].id;
  const before = await oldest();
  await run(test, 'remove_failed_jobs');
  t.equal(await count(test, 'graphile_worker.jobs'), MAX_FAILED_JOBS);
  t.equal(await oldest(), before + 5);
});

t.test('keeps the newest former slugs of a post', async (t) => {
  const test = await createTestApp(t);
  const author = await test.signedIn({ username: 'alice' });
  const { json: post } = await author.post(POSTS, {
    title: 'Renamed',
    content: 'x',
    status: 'published',
  });
  const rename = async (slug: string) =>
    t.equal((await author.patch(`${POSTS}/${post.id}`, { slug })).status, 200);
  await test.app.pg.query(
    `insert into post_slugs (slug, post_id, created_at)
     select 'slug-' || n, $1, now() - interval '1 hour' + n * interval '1 second'
     from generate_series(0, $2::int - 1) n`,
    [post.id, MAX_FORMER_SLUGS],
  );
  await test.app.pg.query(`update post_slugs set created_at = now() - interval '1 day'
    where slug = 'renamed'`);
  const last = MAX_FORMER_SLUGS + 2;
  for (let index = MAX_FORMER_SLUGS; index <= last; index += 1) await rename(`slug-${index}`);
  t.equal(await count(test, 'post_slugs'), MAX_FORMER_SLUGS + 1);
  for (const [slug, status] of [
    [`slug-${last}`, 200],
    [`slug-${last - 1}`, 301],
    [`slug-${last - MAX_FORMER_SLUGS}`, 301],
    [`slug-${last - MAX_FORMER_SLUGS - 1}`, 404],
    ['renamed', 404],
  ] as const) {
    t.equal((await author.get(`${POSTS}/slug/${slug}`)).status, status, slug);
  }
  const oldest = `slug-${last - MAX_FORMER_SLUGS}`;
  for (const slug of [oldest, 'next-1', 'next-2']) await rename(slug);
  const again = await author.get(`${POSTS}/slug/${oldest}`);
  t.equal(again.status, 301, 'a slug that was used again is a new one');

  for (let index = 0; index < 60; index += 1) {
    await author.post(`${POSTS}/${post.id}/unpublish`);
    await rename(`draft-${index}`);
    t.equal((await author.post(`${POSTS}/${post.id}/publish`)).status, 200);
  }
  t.equal(await count(test, 'post_slugs'), MAX_FORMER_SLUGS + 1, 'also when published again');
  const { id } = (await author.post(POSTS, { title: 'Draft', content: 'x' })).json;
  for (let index = 0; index < 10; index += 1) {
    t.equal((await author.patch(`${POSTS}/${id}`, { slug: `of-a-draft-${index}` })).status, 200);
  }
  t.equal(await count(test, 'post_slugs', `post_id = ${id}`), 0, 'drafts reserve none');
});

t.test('deletes the tags of posts with their last post, and keeps those of editors', async (t) => {
  const test = await createTestApp(t);
  const author = await test.signedIn({ username: 'alice' });
  const editor = await test.signedIn({ username: 'ed', role: 'editor' });
  const names = async () =>
    (await test.app.pg.query<{ name: string }>('select name from tags order by name')).rows.map(
      ({ name }) => name,
    );
  t.equal((await editor.post('/api/v1/tags', { name: 'kept' })).status, 201);
  const post = async (tags: string[]) =>
    (await author.post(POSTS, { title: 'Tagged', content: 'x', tags })).json.id;
  const first = await post(['shared', 'kept', 'own']);
  const second = await post(['shared']);
  const retag = async (id: number, tags: string[]) =>
    t.equal((await author.patch(`${POSTS}/${id}`, { tags })).status, 200);
  for (let round = 0; round < 5; round += 1) {
    await retag(
      first,
      Array.from({ length: 20 }, (_, index) => `tag-${round}-${index}`),
    );
  }
  await retag(first, []);
  t.same(await names(), ['kept', 'shared']);
  await retag(second, ['renamed']);
  const { rows } = await test.app.pg.query(`select id from tags where name = 'renamed'`);
  await editor.patch(`/api/v1/tags/${rows[0].id}`, { name: 'named by an editor' });
  await retag(second, ['by post']);
  t.same(await names(), ['by post', 'kept', 'named by an editor']);

  await author.delete(`${POSTS}/${second}`);
  await run(test, 'remove_unused_tags');
  t.ok((await names()).includes('by post'), 'a post in the trash keeps its tags');
  await author.delete(`/api/v1/trash/post/${second}`);
  await run(test, 'remove_unused_tags');
  t.same(await names(), ['kept', 'named by an editor']);
});

t.test('loses no tag that another post gets meanwhile', async (t) => {
  const test = await createTestApp(t);
  const author = await test.signedIn({ username: 'alice' });
  const make = async () =>
    (await author.post(POSTS, { title: 'Tagged', content: 'x', tags: ['contested'] })).json.id;
  const ids = await Promise.all(Array.from({ length: 6 }, make));
  for (let round = 0; round < 6; round += 1) {
    const replies = await Promise.all(
      ids.map((id, index) =>
        author.patch(`${POSTS}/${id}`, {
          tags: (index + round) % 2 === 0 ? ['contested', `other ${index}`] : [],
        }),
      ),
    );
    for (const [index, { status, json }] of replies.entries()) {
      t.equal(status, 200);
      const has = json.tags.some(({ name }: { name: string }) => name === 'contested');
      t.equal(has, (index + round) % 2 === 0);
    }
  }
  t.equal(await count(test, 'tags', `name = 'contested'`), 1);
  t.equal(await count(test, 'post_tags'), 6);
});

t.test('bounds the posts of an author, including the trash', async (t) => {
  const test = await createTestApp(t);
  const author = await test.signedIn({ username: 'alice' });
  const { id } = (await author.get('/api/v1/me')).json;
  await insertTestPost(test.app, { title: 'A post', author_id: id });
  await test.app.pg.query(
    `insert into posts (title, slug, content, content_html, content_text, excerpt, reading_minutes,
       author_id, search, title_search, deleted_at, deleted_by)
     select title, 'p-' || n, content, content_html, content_text, excerpt, reading_minutes,
       author_id, search, title_search, now(), author_id
     from posts, generate_series(1, $1::int) n`,
    [MAX_POSTS_PER_AUTHOR - 3],
  );
  const post = (who: typeof author) => who.post(POSTS, { title: 'One more', content: 'x' });
  const replies = await Promise.all([post(author), post(author), post(author), post(author)]);
  t.same(replies.map(({ status }) => status).sort(), [201, 201, 409, 409]);
  t.match(await post(author), { status: 409, json: { code: 'too_many_posts' } });
  t.equal((await post(await test.signedIn({ username: 'bob' }))).status, 201);
  const { rows } = await test.app.pg.query(
    'select id from posts where deleted_at is not null limit 1',
  );
  t.equal((await author.delete(`/api/v1/trash/post/${rows[0].id}`)).status, 204);
  t.equal((await post(author)).status, 201);
});

t.test('bounds the comments of an author, including the trash', async (t) => {
  const test = await createTestApp(t);
  const author = await test.signedIn({ username: 'alice' });
  const { id: authorId } = (await author.get('/api/v1/me')).json;
  const { id } = await insertTestPost(test.app, { title: 'A post' });
  await test.app.pg.query(
    `insert into comments (post_id, author_id, content, content_html, search)
     select $1, $2, 'x', 'x', '' from generate_series(1, $3::int)`,
    [id, authorId, MAX_COMMENTS_PER_AUTHOR - 1],
  );
  const comment = () => author.post(`${POSTS}/${id}/comments`, { content: 'x' });
  t.equal((await comment()).status, 201);
  t.match(await comment(), { status: 409, json: { code: 'too_many_comments' } });
});

t.test('bounds the members of a project and the projects of a member', async (t) => {
  const test = await createTestApp(t);
  const owner = await test.signedIn({ username: 'owner' });
  const guests = [
    await test.signedIn({ username: 'alice', role: 'guest' }),
    await test.signedIn({ username: 'bob', role: 'guest' }),
  ];
  const newProject = async (key: string) =>
    (await owner.post(PROJECTS, { key, name: 'x' })).json.id as number;
  const invited = async (project: number, username: string) =>
    (await owner.post(`${PROJECTS}/${project}/invitations`, { username })).json.id as number;
  const accept = (who: typeof owner, invitation: number) =>
    who.post(`/api/v1/me/project-invitations/${invitation}/accept`);
  const fill = (project: number) =>
    test.app.pg.query(
      `with made as (
         insert into users (username, username_folded)
         select 'u' || n, 'u' || n from generate_series(1, $2::int) n returning id)
       insert into project_members (project_id, user_id, role)
       select $1, id, 'viewer' from made`,
      [project, MAX_MEMBERS_PER_PROJECT - 2],
    );

  const id = await newProject('FULL');
  const invitations = [await invited(id, 'alice'), await invited(id, 'bob')];
  await fill(id);
  const replies = await Promise.all(
    guests.map((guest, index) => accept(guest, Number(invitations[index]))),
  );
  t.same(replies.map(({ status }) => status).sort(), [200, 409]);
  t.match(replies.find(({ status }) => status === 409)?.json, { code: 'too_many_members' });
  t.equal(await count(test, 'project_members'), MAX_MEMBERS_PER_PROJECT);
  const { rows } = await test.app.pg.query(`select id from users where username = 'u1'`);
  await owner.delete(`${PROJECTS}/${id}/members/${rows[0].id}`);
  const late = replies.findIndex(({ status }) => status === 409);
  const again = await accept(guests[late] ?? owner, Number(invitations[late]));
  t.equal(again.status, 200, 'the invitation is still there');

  const next = await invited(await newProject('NEXT'), 'alice');
  await test.app.pg.query(
    `with made as (
       insert into projects (key, name, searched_name, time_zone)
       select 'M' || n, 'Many', 'many', 'UTC' from generate_series(2, $1::int) n returning id)
     insert into project_members (project_id, user_id, role)
     select made.id, users.id, 'viewer' from made, users where username = 'alice'`,
    [MAX_PROJECTS_PER_USER],
  );
  const beyond = await accept(guests[0] ?? owner, next);
  t.match([beyond.status, beyond.json.code], [409, 'too_many_projects']);
});

t.test('bounds the invitations to a project', async (t) => {
  const test = await createTestApp(t);
  const owner = await test.signedIn({ username: 'owner' });
  const { id } = (await owner.post(PROJECTS, { key: 'OPEN', name: 'x' })).json;
  const names = ['alice', 'bob', 'carol', 'dave'];
  for (const username of names) await test.createUser({ username });
  await test.app.pg.query(
    `insert into project_invitations
       (project_id, email, email_folded, invited_by, role, expires_at)
     select $1, email, email, (select min(id) from users), 'member', $2
     from generate_series(1, $3::int) n, format('%s@example.net', n) email`,
    [id, new Date(test.clock.read().getTime() + HOUR), MAX_INVITATIONS_PER_PROJECT - 2],
  );
  const invite = (username: string) =>
    owner.post(`${PROJECTS}/${id}/invitations`, { username, role: 'viewer' });
  const replies = await Promise.all(names.map(invite));
  t.same(replies.map(({ status }) => status).sort(), [201, 201, 409, 409]);
  t.match(replies.find(({ status }) => status === 409)?.json, { code: 'too_many_invitations' });
  const replaced = names[replies.findIndex(({ status }) => status === 201)] ?? '';
  t.equal((await invite(replaced)).status, 201, 'another one for the same user takes its place');
  t.equal(await count(test, 'project_invitations'), MAX_INVITATIONS_PER_PROJECT);
  test.clock.advance(HOUR);
  await run(test, 'remove_expired_invitations');
  t.equal(await count(test, 'project_invitations'), 2);
});

t.test('bounds the tasks and labels of a project, including the trash', async (t) => {
  const test = await createTestApp(t);
  const owner = await test.signedIn({ username: 'owner' });
  const { id } = (await owner.post(PROJECTS, { key: 'FULL', name: 'x' })).json;
  await test.app.pg.query(
    `insert into tasks (project_id, number, status, position, time_zone, summary, searched_summary,
       recurrence, due_on, due_at, deleted_at, deleted_by)
     select $1, n, 'review', 'a0', 'UTC', 'x', 'x', 'FREQ=DAILY', '2026-02-14', '2026-02-15',
       case when n > 1 then now() end, case when n > 1 then (select max(id) from users) end
     from generate_series(1, $2::int) n`,
    [id, MAX_TASKS_PER_PROJECT - 2],
  );
  await test.app.pg.query('update projects set last_number = $2 where id = $1', [
    id,
    MAX_TASKS_PER_PROJECT - 2,
  ]);
  await test.app.pg.query(
    `insert into project_labels (project_id, name, name_folded, color)
     select $1, 'n' || n, 'n' || n, '#808080' from generate_series(1, $2::int) n`,
    [id, MAX_LABELS_PER_PROJECT - 2],
  );
  const path = `${PROJECTS}/${id}`;
  const four = [1, 2, 3, 4];
  const tasks = await Promise.all(four.map(() => owner.post(`${path}/tasks`, { summary: 'x' })));
  t.same(tasks.map(({ status }) => status).sort(), [201, 201, 409, 409]);
  t.match(tasks.find(({ status }) => status === 409)?.json, { code: 'too_many_project_tasks' });
  t.equal(await count(test, 'tasks'), MAX_TASKS_PER_PROJECT);
  const labels = await Promise.all(
    four.map((n) => owner.post(`${path}/labels`, { name: `more ${n}` })),
  );
  t.same(labels.map(({ status }) => status).sort(), [201, 201, 409, 409]);
  t.match(labels.find(({ status }) => status === 409)?.json, { code: 'too_many_labels' });

  const { rows } = await test.app.pg.query(
    'select min(id) filter (where deleted_at is null) as kept, max(id) filter (where deleted_at is not null) as gone from tasks',
  );
  const { kept, gone } = rows[0];
  const finish = () => owner.post(`${path}/tasks/${kept}/transition`, { status: 'done' });
  t.match(await finish(), { status: 409, json: { code: 'too_many_project_tasks' } });
  t.equal((await owner.delete(`/api/v1/trash/task/${gone}`)).status, 204);
  t.equal((await finish()).status, 200, 'there is room for the next one');
  t.equal(await count(test, 'tasks'), MAX_TASKS_PER_PROJECT);
});

t.test('bounds categories and the tags of editors', async (t) => {
  const test = await createTestApp(t);
  const editor = await test.signedIn({ username: 'ed', role: 'editor' });
  for (const kind of ['categories', 'tags']) {
    await test.app.pg.query(
      `insert into ${kind} (name, name_folded, slug) select 'n' || n, 'n' || n, 'n' || n from generate_series(1, $1::int) n`,
      [MAX_TOPICS - 1],
    );
    t.equal((await editor.post(`/api/v1/${kind}`, { name: 'last' })).status, 201);
    const refused = await editor.post(`/api/v1/${kind}`, { name: 'more' });
    t.match([refused.status, refused.json.code], [409, 'too_many_topics']);
  }
  const tagged = { title: 'Tagged', content: 'x', tags: ['new'] };
  t.equal((await editor.post(POSTS, tagged)).status, 201, 'posts bring their own');
});

t.test('bounds throttles, and keeps those that impose a delay', async (t) => {
  const test = await createTestApp(t);
  const { app, clock } = test;
  const now = clock.read();
  const fill = (from: number, to: number) =>
    app.pg.query(
      `insert into throttles (key_hash, failures, blocked_until, updated_at)
       select decode(lpad(to_hex(n), 8, '0'), 'hex'), 1,
         case when n <= 10 then $1::timestamptz + interval '5 minutes' end,
         $1::timestamptz - interval '10 minutes' + n * interval '1 millisecond'
       from generate_series($2::int, $3::int) n`,
      [now, from, to],
    );
  await fill(1, MAX_THROTTLES + 500);
  await run(test, 'remove_expired_credentials');
  t.equal(await count(test, 'throttles'), MAX_THROTTLES);
  t.equal(await count(test, 'throttles', 'blocked_until is not null'), 10);

  await fill(MAX_THROTTLES + 501, MAX_THROTTLES + 1000);
  for (let index = 0; index < ADDED_AT_MOST; index += 1) {
    await test.client().post('/api/v1/auth/login', { username: `n_${index}`, password: 'wrong' });
  }
  const left = await count(test, 'throttles');
  t.ok(left < MAX_THROTTLES + ADDED_AT_MOST, `${left} without waiting for the job`);
  t.equal(await count(test, 'throttles', 'blocked_until is not null'), 10);
});

t.test('stores nothing for an attempt that another throttle has refused', async (t) => {
  const test = await createTestApp(t, { LOGIN_ATTEMPTS_PER_ADDRESS: 1 });
  const login = (username: string) =>
    test.client().post('/api/v1/auth/login', { username, password: 'wrong' });
  t.equal((await login('first')).status, 401);
  const before = await count(test, 'throttles');
  for (const name of ['second', 'third', 'fourth']) t.equal((await login(name)).status, 429);
  t.equal(await count(test, 'throttles'), before);
});
