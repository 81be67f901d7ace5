import type { FastifyInstance } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import t, { type Test } from 'tap';
import { withFolded } from '#src/db/folded-columns.js';
import { CLAIM_MS } from '#src/db/idempotency-keys.js';
import { tables } from '#src/db/tables.js';
import { inTransaction } from '#src/db/transaction.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp, type TestApp } from '#test/support/app.js';
import { insertTestComment, insertTestPost } from '#test/support/articles.js';
import { contract, resolve } from '#test/support/contract.js';
import { NOTICE } from '#test/support/jobs.js';
import { insertTestNotification, preparedProject, preparedTask } from '#test/support/projects.js';
import { sampleToken } from '#test/support/sample-requests.js';

const URL = '/api/v1/users';
const POSTS = '/api/v1/posts';
const TASKS = '/api/v1/tasks';
const COMMENTS = '/api/v1/comments';
const PROJECTS = '/api/v1/projects';
const INVITATIONS = '/api/v1/me/project-invitations';
const { app, clock, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'root', role: 'admin' });
const key = (value: string) => ({ 'idempotency-key': value });
const total = async (q: string) => (await admin.get(`${URL}?q=${q}`)).json.total;

t.test('runs a repeated request once and replays the response', async (t) => {
  const first = await admin.post(URL, { username: 'once' }, key('k1'));
  const second = await admin.post(URL, { username: 'once' }, key('k1'));
  t.equal(first.headers['idempotent-replayed'], undefined);
  t.equal(second.headers['idempotent-replayed'], 'true');
  t.same([second.status, second.text], [first.status, first.text]);
  for (const name of ['location', 'etag']) t.equal(second.headers[name], first.headers[name]);
  t.equal(await total('once'), 1);
});

t.test('runs one of twenty concurrent requests; the others get its response or 409', async (t) => {
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => admin.post(URL, { username: 'storm' }, key('k2'))),
  );
  t.equal(await total('storm'), 1);
  const fresh = replies.filter(
    ({ status, headers }) => status === 201 && headers['idempotent-replayed'] === undefined,
  );
  t.equal(fresh.length, 1);
  for (const reply of replies) {
    if (reply.status === 201) t.equal(reply.text, fresh[0]?.text);
    else t.match([reply.status, reply.json.code], [409, 'request_in_progress']);
  }
});

t.test('rejects a different request under the same key', async (t) => {
  await admin.post(URL, { username: 'mine' }, key('k3'));
  const other = await admin.post(URL, { username: 'yours' }, key('k3'));
  t.equal(other.status, 422);
  t.same(other.json.detail[0].loc, ['header', 'idempotency-key']);
  t.equal((await admin.post(`${URL}/bulk`, [{ username: 'mine' }], key('k3'))).status, 422);
  t.equal(await total('yours'), 0);
});

t.test('keeps the keys of users apart', async (t) => {
  const second = await signedIn({ username: 'second', role: 'admin' });
  const mine = await admin.post(URL, { username: 'person1' }, key('shared'));
  const theirs = await second.post(URL, { username: 'person2' }, key('shared'));
  t.same([mine.status, theirs.status], [201, 201]);
  t.equal(theirs.json.username, 'person2');
});

t.test('runs a failed request again', async (t) => {
  const [first, second] = [
    await admin.post(URL, { username: 'ROOT' }, key('k4')),
    await admin.post(URL, { username: 'ROOT' }, key('k4')),
  ];
  t.same([first.status, second.status], [409, 409]);
  t.equal(second.headers['idempotent-replayed'], undefined);
  t.equal((await admin.post(URL, { username: 'x' }, key('k4'))).status, 422);
  t.equal((await admin.post(URL, { username: 'better' }, key('k4'))).status, 201);
});

t.test('stores responses for 24 hours', async (t) => {
  const hour = 60 * 60 * 1000;
  await admin.post(URL, { username: 'daily' }, key('k5'));
  clock.advance(23 * hour);
  await admin.signIn('root', 'Cedar-Lantern-42');
  t.equal((await admin.post(URL, { username: 'daily' }, key('k5'))).status, 201, 'replayed');
  clock.advance(2 * hour);
  await admin.signIn('root', 'Cedar-Lantern-42');
  t.equal((await admin.post(URL, { username: 'daily' }, key('k5'))).status, 409, 'runs again');
});

t.test('accepts keys of 1 to 255 characters', async (t) => {
  t.equal((await admin.post(URL, { username: 'long1' }, key('x'.repeat(255)))).status, 201);
  const long = await admin.post(URL, { username: 'long2' }, key('x'.repeat(256)));
  t.match([long.status, long.json.detail[0].type], [422, 'string_too_long']);
  t.equal((await admin.post(URL, { username: 'long3' }, key(''))).status, 422);
});

t.test('does not store a response that sets a cookie', async (t) => {
  const login = () =>
    admin.post('/api/v1/auth/login', { username: 'root', password: 'Cedar-Lantern-42' }, key('k6'));
  const [first, second] = [await login(), await login()];
  t.ok(second.headers['set-cookie']);
  t.not(String(second.headers['set-cookie']), String(first.headers['set-cookie']));
  const { rows } = await app.pg.query(`select * from idempotency_keys where key = 'k6'`);
  t.same(rows, []);
});

/** A POST whose handler waits before its transaction until the test releases it. */
async function createHeldApp(t: Test) {
  const held: (() => void)[] = [];
  const routes = (app: FastifyInstance) => {
    app.post('/held', { schema: { hide: true } }, async (request) => {
      await new Promise<void>((release) => held.push(release));
      const { username } = request.query as { username: string };
      await inTransaction(request.context(), ({ db }) =>
        db.insertInto('users').values(withFolded({ username })).execute(),
      );
      return { username };
    });
  };
  const testApp = await createTestApp(t, { DB_POOL_MIN: 0, DB_POOL_MAX: 1 }, { routes });
  const anyone = testApp.client();
  const send = (username: string, value = 'held') =>
    anyone.post(`/held?username=${username}`, undefined, key(value));
  const untilHeld = async (count: number) => {
    while (held.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { ...testApp, held, send, untilHeld };
}

t.test('refuses a retry while the first request is running, without a connection', async (t) => {
  const { app, client, held, send, untilHeld } = await createHeldApp(t);
  const first = send('alice');
  await untilHeld(1);
  t.equal((await client().get(URL)).status, 200, 'the only connection is free');
  const second = await send('alice');
  t.match(second, { status: 409, json: { code: 'request_in_progress' } });
  t.equal(second.headers['retry-after'], '1');
  const other = await send('bob');
  t.match(other, { status: 422, json: { detail: [{ loc: ['header', 'idempotency-key'] }] } });
  held.shift()?.();
  t.equal((await first).status, 200);
  const third = await send('alice');
  t.match(third, { status: 200, json: { username: 'alice' } });
  t.equal(third.headers['idempotent-replayed'], 'true');
  t.equal(held.length, 0, 'ran once');
  const { rows } = await app.pg.query('select username from users');
  t.same(rows, [{ username: 'alice' }]);
});

t.test('releases the key of a failed request at once', async (t) => {
  const { app, held, send, untilHeld } = await createHeldApp(t);
  await app.pg.query(`insert into users (username, username_folded) values ('taken', 'taken')`);
  const failing = send('taken');
  await untilHeld(1);
  held.shift()?.();
  t.equal((await failing).status, 409);
  t.same((await app.pg.query('select * from idempotency_keys')).rows, []);
  const retry = send('free');
  await untilHeld(1);
  held.shift()?.();
  t.equal((await retry).status, 200);
});

t.test('runs a retry when the claim of a dead process has expired', async (t) => {
  const { app, clock, held, send, untilHeld } = await createHeldApp(t);
  const lost = send('alice');
  await untilHeld(1);
  const releaseLost = held.shift();
  clock.advance(CLAIM_MS - 1);
  t.equal((await send('alice')).status, 409);
  clock.advance(1);
  const retry = send('alice');
  await untilHeld(1);

  releaseLost?.();
  t.equal((await lost).status, 409, 'the lost request is alive after all, and rolled back');
  t.same((await app.pg.query('select * from users')).rows, []);
  t.equal((await send('alice')).status, 409, 'it does not release the key of the retry');

  held.shift()?.();
  t.equal((await retry).status, 200);
  t.equal((await app.pg.query('select * from users')).rows.length, 1);
});

/** Every operation with an `Idempotency-Key`, in a state in which it changes something. */
const OPERATIONS: Record<string, (testApp: TestApp) => Promise<{ url: string; body?: unknown }>> = {
  'users-create': async () => ({ url: URL, body: { username: 'new' } }),
  'users-bulk-create': async () => ({ url: `${URL}/bulk`, body: [{ username: 'abc' }] }),
  'posts-create': async () => ({
    url: POSTS,
    body: { title: 'New', content: 'x', tags: ['a'], status: 'published' },
  }),
  'posts-publish': async ({ app }) => {
    const { id } = await insertTestPost(app, { title: 'x', published_at: null, tags: ['b'] });
    return { url: `${POSTS}/${id}/publish` };
  },
  'posts-unpublish': async ({ app }) => {
    const { id } = await insertTestPost(app, { title: 'x' });
    return { url: `${POSTS}/${id}/unpublish` };
  },
  'post-comments-create': async ({ app }) => {
    const { id } = await insertTestPost(app, { title: 'x' });
    return { url: `${POSTS}/${id}/comments`, body: { content: 'x' } };
  },
  'comments-approve': async ({ app }) => ({ url: `${COMMENTS}/${await newComment(app)}/approve` }),
  'comments-reject': async ({ app }) => ({ url: `${COMMENTS}/${await newComment(app)}/reject` }),
  'comments-moderate': async ({ app }) => ({
    url: `${COMMENTS}/moderate`,
    body: { action: 'approve', comments: [{ id: await newComment(app), version: 1 }] },
  }),
  'categories-create': async () => ({ url: '/api/v1/categories', body: { name: 'new' } }),
  'tags-create': async () => ({ url: '/api/v1/tags', body: { name: 'new' } }),
  'tasks-create': async () => ({ url: TASKS, body: { summary: 'New' } }),
  'tasks-flip': async ({ app }) => ({ url: `${TASKS}/${await newTask(app, false)}/flip` }),
  'tasks-purge-completed': async ({ app }) => {
    await newTask(app, true);
    return { url: `${TASKS}/purge-completed` };
  },
  'projects-create': async () => ({ url: PROJECTS, body: { key: 'NEW', name: 'New' } }),
  'projects-archive': async (testApp) => {
    const { id } = await newProject(testApp, 'projects-archive');
    return { url: `${PROJECTS}/${id}/archive` };
  },
  'projects-unarchive': async (testApp) => {
    const { id } = await newProject(testApp, 'projects-unarchive');
    return { url: `${PROJECTS}/${id}/unarchive` };
  },
  'projects-invite': async (testApp) => {
    const { id } = await newProject(testApp, 'projects-invite');
    return { url: `${PROJECTS}/${id}/invitations`, body: { email: 'invited@example.net' } };
  },
  'projects-accept-invitation': async (testApp) => {
    const { id } = await newProject(testApp, 'projects-accept-invitation');
    return { url: `${INVITATIONS}/${id}/accept` };
  },
  'projects-accept-invitation-by-token': async (testApp) => {
    await newProject(testApp, 'projects-accept-invitation-by-token');
    return { url: `${INVITATIONS}/accept`, body: { token: sampleToken('root') } };
  },
  'notifications-mark-several-read': async (testApp) => {
    const { rows } = await testApp.app.pg.query('select max(id) as id from users');
    const id = await insertTestNotification(testApp, rows[0].id);
    return { url: '/api/v1/notifications/read', body: { ids: [id] } };
  },
  'task-comments-create': async (testApp) => {
    const { rows } = await testApp.app.pg.query('select max(id) as id from users');
    const { id, task_id } = await preparedTask(testApp, 'task-comments-create', rows[0].id);
    return { url: `${PROJECTS}/${id}/tasks/${task_id}/comments`, body: { content: 'x' } };
  },
  'projects-create-label': async (testApp) => {
    const { id } = await newProject(testApp, 'projects-create-label');
    return { url: `${PROJECTS}/${id}/labels`, body: { name: 'New' } };
  },
  'project-tasks-create': async (testApp) => {
    const { id } = await newProject(testApp, 'project-tasks-create');
    return { url: `${PROJECTS}/${id}/tasks`, body: { summary: 'New', description: 'Words.' } };
  },
  'project-tasks-transition': async (testApp) => {
    const { id, task_id } = await newProject(testApp, 'project-tasks-transition');
    const body = { status: 'in_progress' };
    return { url: `${PROJECTS}/${id}/tasks/${task_id}/transition`, body };
  },
  'project-tasks-move': async (testApp) => {
    const { id, task_id } = await newProject(testApp, 'project-tasks-move');
    return { url: `${PROJECTS}/${id}/tasks/${task_id}/move`, body: { after_id: null } };
  },
  'project-tasks-bulk': async (testApp) => {
    const { id, task_id } = await newProject(testApp, 'project-tasks-bulk');
    const body = { ids: [task_id], changes: { priority: 'high' }, status: 'in_progress' };
    return { url: `${PROJECTS}/${id}/tasks/bulk`, body };
  },
  'project-tasks-add-item': async (testApp) => {
    const { id, task_id } = await newProject(testApp, 'project-tasks-add-item');
    return { url: `${PROJECTS}/${id}/tasks/${task_id}/checklist`, body: { text: 'New' } };
  },
  'trash-restore': async ({ app, clock }) => {
    const { id } = await insertTestPost(app, { title: 'x' });
    const at = clock.read().toISOString();
    await app.pg.query('update posts set deleted_at = $2 where id = $1', [id, at]);
    return { url: `/api/v1/trash/post/${id}/restore` };
  },
  'jobs-retry': async ({ app }) => {
    const later = new Date(Date.now() + 3_600_000);
    const id = await enqueue(app.db, 'notice', NOTICE, { runAt: later });
    return { url: `/api/v1/jobs/${id}/retry` };
  },
};

/** Prepares an operation on projects of the newest user, who is the caller. */
async function newProject(testApp: TestApp, operation: string) {
  const { rows } = await testApp.app.pg.query('select max(id) as id from users');
  return preparedProject(testApp, operation, { id: rows[0].id, username: 'root' });
}

/** Inserts a task of the newest user, who is the caller. */
async function newTask({ pg }: FastifyInstance, isDone: boolean): Promise<number> {
  const { rows } = await pg.query(
    `insert into tasks (owner_id, summary, searched_summary, completed_at)
     select max(id), 'Task', 'task', case when $1 then now() end from users returning id`,
    [isDone],
  );
  return rows[0].id;
}

async function newComment(app: FastifyInstance): Promise<number> {
  const { id } = await insertTestPost(app, { title: 'x' });
  return (await insertTestComment(app, { post_id: id, is_approved: false })).id;
}

/** Returns a hash of each table's rows, except keys, sessions, and throttles, which count failures. */
async function contentOf({ pg }: FastifyInstance): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  const names = Object.keys(tables).filter(
    (name) => !/^(?:idempotency_keys|sessions|throttles)$/.test(name),
  );
  for (const name of [...names, 'graphile_worker.jobs']) {
    const { rows } = await pg.query(
      `select md5(coalesce(string_agg(row::text, ',' order by row::text), '')) from ${name} row`,
    );
    content[name] = rows[0].md5;
  }
  return content;
}

t.test('knows every operation with an Idempotency-Key', async (t) => {
  const named = Object.values(contract.paths ?? {}).flatMap((item) => {
    const { operationId, parameters = [] } = item?.post ?? {};
    const takesKey = parameters.some(
      (each) => resolve<OpenAPIV3_1.ParameterObject>(each).name === 'idempotency-key',
    );
    return takesKey && operationId?.startsWith('playground-') === false ? [operationId] : [];
  });
  t.same(Object.keys(OPERATIONS).sort(), named.sort());
});

for (const [operation, prepare] of Object.entries(OPERATIONS)) {
  t.test(`${operation}: writes the change and the response together`, async (t) => {
    // A second connection beside that of the transaction would never come.
    const testApp = await createTestApp(t, { DB_POOL_MIN: 0, DB_POOL_MAX: 1 });
    const { app, signedIn } = testApp;
    const admin = await signedIn({ username: 'root', role: 'admin' });
    const { url, body } = await prepare(testApp);
    await app.pg.query(`
      create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'refused' using errcode = '57014'; end $$;
      create trigger refuse before update on idempotency_keys for each row
        when (new.state = 'done') execute function refuse()`);
    const before = await contentOf(app);
    t.equal((await admin.post(url, body, key('x'))).status, 503);
    t.same(await contentOf(app), before, 'no change without its response');
    t.same((await app.pg.query('select * from idempotency_keys')).rows, []);

    await app.pg.query('drop trigger refuse on idempotency_keys');
    const first = await admin.post(url, body, key('x'));
    t.ok(first.status < 300, `${first.status}`);
    const after = await contentOf(app);
    t.strictNotSame(after, before);
    const again = await admin.post(url, body, key('x'));
    t.same([again.status, again.text], [first.status, first.text]);
    t.equal(again.headers['idempotent-replayed'], 'true');
    t.same(await contentOf(app), after, 'runs once');
  });
}
