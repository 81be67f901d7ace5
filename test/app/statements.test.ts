import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import { enqueue } from '#src/queue/store.js';
import { createTestApp } from '#test/support/app.js';
import { insertTestComments, insertTestPost } from '#test/support/articles.js';
import { keyOf, tokenOf } from '#test/support/credentials.js';
import { insertTestNotification, preparedProject, preparedTask } from '#test/support/projects.js';
import { addSamples, TOPICS } from '#test/support/sample-data.js';
import {
  operations,
  REFUSED_BY_HANDLER,
  sampleBody,
  sampleQuery,
} from '#test/support/sample-requests.js';
import { recordStatements } from '#test/support/statements.js';
import { STATEMENTS } from './statements.js';

const FEW = 3;
const MANY = 30;

/** Statements of a list, besides authentication: the items, and their number. */
const LIST_STATEMENTS = 2;

/** Lists of comments take a third one, for the replies; the first one finds the post, too. */
const THREADS = new Set(['post-comments-list', 'comments-list-replies']);

/** Lists of a project take a third one, too: it finds the project, and the role of the viewer. */
const OF_PROJECTS = new Set([
  'projects-list-members',
  'projects-list-invitations',
  'projects-list-labels',
  'project-tasks-list',
  'task-comments-list',
  'task-watchers-list',
]);

/** A history takes a fourth one, which finds the task. */
const OF_TASKS = new Set(['project-tasks-history']);

/** A board takes the project, its columns, and the last event that they contain. */
const BOARD_STATEMENTS = 3;

const testApp = await createTestApp(t);
const { app, client, createUser } = testApp;
const { id: reader } = await createUser({ username: 'reader', role: 'admin' });
const samples = {
  post: await addSamples(testApp, { id: reader }, FEW, 'few'),
  comment: 0,
  task: 0,
};
samples.comment = await firstCommentOf(samples.post);
samples.task = (
  await app.pg.query('select min(id) as id from tasks where project_id is not null')
).rows[0].id;
const taskSamples = await firstTaskWithComments();
const authorization = await tokenOf(testApp, reader);
// The first request of a credential records that it was used.
await client().request({ method: 'GET', url: '/api/v1/me', headers: authorization });
const authentication = (await statementsOf('GET', '/api/v1/roles')).length;

async function firstCommentOf(post: number): Promise<number> {
  const { rows } = await app.pg.query('select min(id) as id from comments where post_id = $1', [
    post,
  ]);
  return rows[0].id;
}

async function firstTaskWithComments(): Promise<{
  project: number;
  task: number;
  comment: number;
}> {
  const { rows } = await app.pg.query(
    `select project_id as project, task_id as task, task_comments.id as comment
     from task_comments join tasks on tasks.id = task_id order by task_comments.id limit 1`,
  );
  return rows[0];
}

/** Returns the statements of a read by an administrator, and asserts its success. */
async function statementsOf(method: string, url: string): Promise<string[]> {
  await forgetCached();
  const browser = client();
  return recordStatements(async () => {
    const { status, text } = await browser.request({ method, url, headers: authorization });
    if (status >= 300) throw new Error(`${url}: ${status} ${text}`);
  });
}

/** Makes the next request find no cached response. */
async function forgetCached(): Promise<void> {
  await notify(app.db, ARTICLE_CHANGES, randomUUID());
  app.sharedReads.invalidate();
}

/** Returns the URL of a read of samples. */
function readUrl(id: string, path: string): string {
  const isList = /[?&]size=/.test(sizedQuery(id));
  const ofComment = id.startsWith('comments-');
  const ofUser = id.includes('users-');
  const isFirst = /^(categories|tags|tasks|projects?)-/.test(id);
  if (id.startsWith('task-')) {
    const { project, task, comment } = taskSamples;
    const url = path.replace('{id}', String(project)).replace('{task_id}', String(task));
    return url.replace('{comment_id}', String(comment)) + (isList ? sizedQuery(id) : '');
  }
  const value = isFirst ? 1 : ofComment ? samples.comment : ofUser ? reader : samples.post;
  return (
    path
      .replace('{id}', String(value))
      .replace('{comment_id}', String(samples.comment))
      .replace('{task_id}', String(samples.task))
      .replace(/\{(?:label_id|number)\}/, '1')
      .replace('{key}', 'FEW1')
      .replace('{slug}', id.startsWith('posts') ? 'few-words-0' : TOPICS.tag) +
    (isList ? sizedQuery(id) : sampleQuery(id).replace('word', 'words'))
  );
}

/** Lists that have pages; the number of items on them is what grows. */
function sizedQuery(id: string): string {
  if (id === 'search' || id === 'search-tasks') return '?q=words&size=20';
  return PAGED.has(id) ? '?size=100' : '';
}

const PAGED = new Set(
  [
    'sessions-list api-keys-list users-list posts-list trash-list categories-list tags-list',
    'categories-posts tags-posts post-comments-list comments-list comments-list-replies',
    'projects-list projects-list-members projects-list-invitations projects-list-my-invitations',
    'projects-list-labels project-tasks-list project-tasks-history project-tasks-list-mine',
    'tasks-list audit-list jobs-list v2-users-list v2-articles-list',
    'task-comments-list task-watchers-list notifications-list',
  ].flatMap((line) => line.split(' ')),
);

let count = 0;

/** Sends a change of fresh resources as their owner, an administrator; returns its statements. */
async function changeStatements(id: string, path: string, method: string): Promise<string[]> {
  count += 1;
  const username = `u${count}`;
  const user = await createUser({ username, role: 'admin', email: `${username}@example.com` });
  const headers = await tokenOf(testApp, user.id);
  await client().request({ method: 'GET', url: '/api/v1/me', headers });
  const places = /^projects?-/.test(id)
    ? await preparedProject(testApp, id, { id: user.id, username })
    : id.startsWith('task-')
      ? await preparedTask(testApp, id, user.id)
      : await targetOf(id, user.id);
  const body = await sampleBody(id, { username, client: client(), places });
  if (id === 'comments-moderate') {
    body.payload = { comments: [{ id: places['id'], version: 1 }], action: 'approve' };
  }
  const url = Object.entries({ ...places, kind: places['kind'] ?? 'post' }).reduce(
    (made, [name, value]) => made.replace(`{${name}}`, String(value)),
    path,
  );
  return recordStatements(async () => {
    const { status, text } = await client().request({
      method,
      url,
      headers: { ...headers, ...body.headers },
      ...(body.payload === undefined ? {} : { payload: body.payload }),
    });
    const expected = id in REFUSED_BY_HANDLER ? status === 422 : status < 300;
    if (!expected) throw new Error(`${id}: ${status} ${text}`);
  });
}

/** Creates what an operation changes; returns its id. */
async function targetOf(id: string, userId: number): Promise<Record<string, number>> {
  const title = `Post ${count}`;
  const post = { title, author_id: userId, tags: [`tag ${count}`] };
  if (/^(posts|post-comments)-/.test(id)) {
    const published_at = id === 'posts-publish' ? null : new Date().toISOString();
    return { id: (await insertTestPost(app, { ...post, published_at })).id };
  }
  if (id.startsWith('trash-')) {
    const { id: target } = await insertTestPost(app, post);
    await app.pg.query('update posts set deleted_at = now(), deleted_by = $2 where id = $1', [
      target,
      userId,
    ]);
    return { id: target };
  }
  if (id.startsWith('comments-')) {
    const { id: postId } = await insertTestPost(app, post);
    const [target = 0] = await insertTestComments(app, postId, [
      { author_id: userId, is_approved: !/approve|reject|moderate/.test(id) },
    ]);
    return { id: target };
  }
  if (id.startsWith('notifications-')) {
    const notification = await insertTestNotification(testApp, userId);
    if (id === 'notifications-mark-unread') {
      await app.pg.query('update notifications set read_at = now()');
    }
    return { id: notification };
  }
  if (id.startsWith('tasks-')) {
    const { rows } = await app.pg.query(
      `insert into tasks (owner_id, summary, searched_summary) values ($1, 'Task', 'task') returning id`,
      [userId],
    );
    return { id: rows[0].id };
  }
  if (/^(categories|tags)-/.test(id)) {
    const table = id.split('-')[0];
    const { rows } = await app.pg.query(
      `insert into ${table} (name, name_folded, slug) values ($1, $1, $1) returning id`,
      [`topic ${count}`],
    );
    return { id: rows[0].id };
  }
  if (id === 'api-keys-delete') {
    await keyOf(testApp, userId, ['me:read']);
    return { id: await newest('api_keys') };
  }
  if (id === 'sessions-end') {
    await tokenOf(testApp, userId);
    return { id: await newest('sessions') };
  }
  if (id === 'jobs-retry') return { id: await enqueue(app.db, 'notice', {} as never) };
  const other = { username: `other${count}`, email: `other${count}@example.com` };
  const { id: target } = await createUser(other);
  if (id === 'users-invite') {
    await app.pg.query('update users set password_hash = null where id = $1', [target]);
  }
  return { id: target };
}

async function newest(table: 'api_keys' | 'sessions'): Promise<number> {
  const { rows } = await app.pg.query(`select max(id) as id from ${table}`);
  return rows[0].id;
}

const named = operations.filter(({ id }) => !id.startsWith('playground-'));
const reads = named.filter(
  ({ method, path }) =>
    // The mail of development is not served here.
    method === 'GET' && app.hasRoute({ method, url: path.replace(/\{(\w+)\}/g, ':$1') }),
);

t.test('has a row for every operation', async (t) => {
  t.same(Object.keys(STATEMENTS).sort(), named.map(({ id }) => id).sort());
});

t.test('the playground needs no statement', async (t) => {
  const plain = operations.filter(
    ({ id, method, path }) =>
      id.startsWith('playground-') && method === 'GET' && !path.includes('{'),
  );
  t.ok(plain.length > 10);
  for (const { id, path } of plain) {
    const statements = await recordStatements(() =>
      client().request({ method: 'HEAD', url: path }),
    );
    t.same(statements, [], id);
  }
});

const readBy = new Map<string, number>();

t.test('reads need no more statements than their row says', async (t) => {
  for (const { id, path } of reads) {
    const statements = await statementsOf('GET', readUrl(id, path));
    readBy.set(id, statements.length);
    within(t, id, statements);
  }
});

t.test('changes need no more statements than their row says', async (t) => {
  for (const { id, path, method } of named.filter(({ method }) => method !== 'GET')) {
    within(t, id, await changeStatements(id, path, method));
  }
});

function within(t: Test, id: string, statements: string[]): void {
  const most = STATEMENTS[id] ?? 0;
  t.ok(statements.length <= most, `${id}: ${statements.length}, at most ${most}`, { statements });
}

t.test('lists need two statements', async (t) => {
  const lists = reads.filter(({ id }) => PAGED.has(id));
  t.equal(lists.length, PAGED.size);
  for (const { id } of lists) {
    const more = OF_TASKS.has(id) ? 2 : THREADS.has(id) || OF_PROJECTS.has(id) ? 1 : 0;
    const most = authentication + LIST_STATEMENTS + more;
    t.ok((readBy.get(id) ?? 99) <= most, `${id}: ${readBy.get(id)}, at most ${most}`);
  }
});

t.test('a board needs three', async (t) => {
  t.ok((readBy.get('project-tasks-board') ?? 99) <= authentication + BOARD_STATEMENTS);
});

t.test('the number of statements does not grow with the number of rows', async (t) => {
  await addSamples(testApp, { id: reader }, MANY - FEW, 'many');
  const more = Array.from({ length: MANY - FEW }, () => ({ author_id: reader }));
  await insertTestComments(app, samples.post, more);
  for (const { id, path } of reads) {
    const statements = await statementsOf('GET', readUrl(id, path));
    t.equal(statements.length, readBy.get(id), id);
  }
});

t.test('nor do changes of many resources', async (t) => {
  const headers = await tokenOf(testApp, reader);
  await client().request({ method: 'GET', url: '/api/v1/me', headers });
  const { id: post } = await insertTestPost(app, { title: 'Moderated' });
  const counts = { create: [] as number[], moderate: [] as number[] };
  for (const many of [FEW, MANY]) {
    const pending = Array.from({ length: many }, () => ({ is_approved: false }));
    const comments = (await insertTestComments(app, post, pending)).map((id) => ({
      id,
      version: 1,
    }));
    const users = comments.map((_, index) => ({ username: `bulk_${many}_${index}` }));
    const moderated = { comments, action: 'approve' };
    counts.create.push(await statementsOfPost('/api/v1/users/bulk', users, headers));
    counts.moderate.push(await statementsOfPost('/api/v1/comments/moderate', moderated, headers));
  }
  for (const [name, [few, more]] of Object.entries(counts)) t.equal(few, more, name);
});

async function statementsOfPost(
  url: string,
  payload: object,
  headers: Record<string, string>,
): Promise<number> {
  const statements = await recordStatements(async () => {
    const { status, text } = await client().request({ method: 'POST', url, headers, payload });
    if (status >= 300) throw new Error(`${url}: ${status} ${text}`);
  });
  return statements.length;
}
