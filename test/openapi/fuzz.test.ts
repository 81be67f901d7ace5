import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client, Reply } from '#test/support/client.js';
import { contract, violation } from '#test/support/contract.js';
import { Generator } from '#test/support/generate.js';
import {
  type GeneratedRequest,
  generateRequest,
  type Operation,
  operationsOf,
} from '#test/support/generate-request.js';
import { Known } from '#test/support/known.js';
import { lastToken } from '#test/support/mails.js';
import { Random } from '#test/support/random.js';
import { sampleQuery } from '#test/support/sample-requests.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_131);
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 10_000);
const BODY_LIMIT = 256 * 1024;

/** No request should take long; this distinguishes a hang from a busy machine. */
const HANGS_AFTER_MS = 20_000;

/**
 * Number of requests after which callers are replaced: earlier requests may have changed or deleted
 * their accounts.
 */
const CALLERS_RENEWED_EVERY = 500;

/** Maximum number of requests to slow operations. */
const ARGON2 = { requests: 60, because: 'a password takes tens of milliseconds' };
const AT_MOST: Record<string, { requests: number; because: string }> = {
  'auth-login': ARGON2,
  'tokens-create': ARGON2,
  'registrations-create': ARGON2,
  'emails-confirm': ARGON2,
  'passwords-change': ARGON2,
  'api-keys-create': ARGON2,
  'passwords-reset': ARGON2,
  'emails-change': ARGON2,
  'me-delete': ARGON2,
  'playground-async': { requests: 40, because: 'it waits on purpose' },
};
const MOST_STREAMS = {
  requests: 8,
  because: 'it answers a long stream, of which the head is read',
};

/**
 * Lists that provide real ids for the paths of operations whose id starts with the key; the first
 * match counts. Lists of the caller's own resources are read once per caller.
 */
const LISTS: Record<string, string> = {
  'sessions-end': '/api/v1/me/sessions',
  'api-keys-delete': '/api/v1/me/api-keys',
  'posts-': '/api/v1/posts?status=draft',
  'post-comments-': '/api/v1/posts',
  'comments-': '/api/v1/comments',
  'categories-': '/api/v1/categories',
  'tags-': '/api/v1/tags',
  'trash-': '/api/v1/trash',
  'jobs-': '/api/v1/jobs',
};

/** Makes a resource for operations that rarely find one by chance, and returns its path. */
const MADE: Record<string, (caller: Client) => Promise<string | undefined>> = {
  // Most tags are private to the author of a draft, and have no posts that others can list.
  async 'tags-posts'(caller) {
    const post = { title: 'Tagged', content: 'Words.', status: 'published', tags: ['made'] };
    const { json } = await caller.post('/api/v1/posts', post);
    const slug = json?.tags?.[0]?.slug;
    return slug === undefined ? undefined : `/api/v1/tags/${slug}/posts`;
  },
  // Only the author of a comment can change it, and only for some minutes.
  async 'comments-update'(caller) {
    const { comment } = await commented(caller);
    return comment;
  },
  async 'post-comments-read'(caller) {
    const { post, comment } = await commented(caller);
    return comment === undefined ? undefined : `${post}/comments/${comment.split('/').at(-1)}`;
  },
  // Most users have a password.
  async 'users-invite'(caller) {
    invited += 1;
    const { headers } = await caller.post('/api/v1/users', { username: `invited_${invited}` });
    const user = headers['location'];
    return user === undefined ? undefined : `${user}/invite`;
  },
};
for (const id of ['tasks-read', 'tasks-update', 'tasks-flip', 'tasks-delete']) {
  // Each caller sees their own only, and purges them.
  MADE[id] = async (caller) => {
    const { headers } = await caller.post('/api/v1/tasks', { summary: 'Made' });
    const task = headers['location'];
    return task === undefined ? undefined : `${task}${id === 'tasks-flip' ? '/flip' : ''}`;
  };
}
for (const [id, end] of [
  ['projects-read', ''],
  ['projects-update', ''],
  ['projects-delete', ''],
  ['projects-archive', '/archive'],
  ['projects-unarchive', '/unarchive'],
  ['projects-list-members', '/members'],
  ['projects-list-invitations', '/invitations'],
  ['projects-invite', '/invitations'],
  ['projects-list-labels', '/labels'],
  ['projects-create-label', '/labels'],
  ['project-tasks-list', '/tasks'],
  ['project-tasks-create', '/tasks'],
  ['project-tasks-board', '/board'],
  ['projects-read-mute', '/mute'],
  ['projects-mute', '/mute'],
  ['projects-unmute', '/mute'],
  ['calendars-read-project', '/calendar.ics'],
] as const) {
  // Each caller sees their own only.
  MADE[id] = async (caller) => {
    const project = await newProject(caller);
    return project === undefined ? undefined : `${project}${end}`;
  };
}
MADE['projects-read-by-key'] = async (caller) => {
  const project = await newProject(caller);
  return project === undefined ? undefined : `/api/v1/projects/key/MADE${projects}`;
};
for (const id of ['projects-change-member', 'projects-remove-member']) {
  // The members of a project are few among the users.
  MADE[id] = async (caller) => {
    const project = await newProject(caller);
    if (project === undefined) return undefined;
    const { rows } = await app.pg.query(
      `insert into project_members (project_id, user_id, role)
       select $1::integer, id, 'member' from users where id not in (
         select user_id from project_members where project_id = $1::integer) order by id limit 1
       returning user_id`,
      [project.split('/').at(-1)],
    );
    return `${project}/members/${rows[0].user_id}`;
  };
}
MADE['projects-withdraw-invitation'] = async (caller) => {
  const project = await newProject(caller);
  if (project === undefined) return undefined;
  const body = { email: `made_${projects}@example.net` };
  const { json } = await caller.post(`${project}/invitations`, body);
  return `${project}/invitations/${json.id}`;
};
for (const id of ['projects-accept-invitation', 'projects-decline-invitation']) {
  MADE[id] = async (caller) => {
    const inviter = caller === callers.admin ? callers.author : callers.admin;
    const project = await newProject(inviter);
    const { username } = (await caller.get('/api/v1/me')).json;
    if (project === undefined || username === undefined) return undefined;
    const invitation = (await inviter.post(`${project}/invitations`, { username })).json.id;
    const path = `/api/v1/me/project-invitations/${invitation}`;
    return id === 'projects-accept-invitation' ? `${path}/accept` : path;
  };
}
for (const id of ['projects-read-label', 'projects-update-label', 'projects-delete-label']) {
  MADE[id] = async (caller) => {
    const project = await newProject(caller);
    if (project === undefined) return undefined;
    const { location } = (await caller.post(`${project}/labels`, { name: 'Made' })).headers;
    return typeof location === 'string' ? location : undefined;
  };
}
for (const [id, end] of [
  ['project-tasks-read', ''],
  ['project-tasks-update', ''],
  ['project-tasks-delete', ''],
  ['project-tasks-history', '/history'],
  ['project-tasks-transition', '/transition'],
  ['project-tasks-move', '/move'],
  ['project-tasks-add-item', '/checklist'],
  ['project-tasks-change-item', '/checklist/1'],
  ['project-tasks-remove-item', '/checklist/1'],
] as const) {
  MADE[id] = async (caller) => {
    const task = await newTask(caller);
    return task === undefined ? undefined : `${task}${end}`;
  };
}
MADE['project-tasks-read-by-number'] = async (caller) => {
  const task = await newTask(caller);
  return task === undefined ? undefined : `/api/v1/projects/key/MADE${projects}/tasks/1`;
};
MADE['project-tasks-bulk'] = async (caller) => {
  const task = await newTask(caller);
  return task?.replace(/\d+$/, 'bulk');
};
let invited = 0;
for (const [id, end] of [
  ['task-comments-list', '/comments'],
  ['task-comments-create', '/comments'],
  ['task-watchers-list', '/watchers'],
  ['task-watchers-watch', '/watch'],
  ['task-watchers-unwatch', '/watch'],
  ['task-relations-list', '/relations'],
  ['task-mutes-read', '/mute'],
  ['task-mutes-mute', '/mute'],
  ['task-mutes-unmute', '/mute'],
] as const) {
  MADE[id] = async (caller) => {
    const task = await newTask(caller);
    return task === undefined ? undefined : `${task}${end}`;
  };
}
for (const id of ['task-comments-read', 'task-comments-update', 'task-comments-delete']) {
  MADE[id] = async (caller) => {
    const task = await newTask(caller);
    const { headers } = await caller.post(`${task}/comments`, { content: 'Made' });
    return headers['location'] as string | undefined;
  };
}
for (const id of ['task-relations-add', 'task-relations-remove']) {
  MADE[id] = async (caller) => {
    const task = await newTask(caller);
    const tasks = task?.slice(0, task.lastIndexOf('/'));
    const other = (await caller.post(`${tasks}`, { summary: 'Other' })).json?.id;
    if (task === undefined || other === undefined) return undefined;
    const relation = `${task}/relations/blocks/${other}`;
    if (id === 'task-relations-remove') await caller.put(relation);
    return relation;
  };
}

for (const id of ['notifications-mark-read', 'notifications-mark-unread']) {
  MADE[id] = async (caller) => {
    const assigner = caller === callers.admin ? callers.author : callers.admin;
    const task = await newTask(assigner);
    const assignee = (await caller.get('/api/v1/me')).json?.id;
    if (task === undefined || assignee === undefined) return undefined;
    await app.pg.query(
      `insert into project_members (project_id, user_id, role) values ($1, $2, 'member')`,
      [task.split('/').at(-3), assignee],
    );
    await assigner.patch(task, { assignee_ids: [assignee] });
    const [told] = (await caller.get('/api/v1/notifications')).json?.items ?? [];
    return told === undefined ? undefined : `/api/v1/notifications/${told.id}/read`;
  };
}

let projects = 0;

/** Creates a project, and returns its path. */
async function newProject(owner: Client): Promise<string | undefined> {
  projects += 1;
  const body = { key: `MADE${projects}`, name: 'Made' };
  return (await owner.post('/api/v1/projects', body)).headers['location'] as string | undefined;
}

/** Creates a project with a task that has a checklist, and returns the path of the task. */
async function newTask(owner: Client): Promise<string | undefined> {
  const project = await newProject(owner);
  if (project === undefined) return undefined;
  const { headers, json } = await owner.post(`${project}/tasks`, { summary: 'Made' });
  const { location: task } = headers;
  if (typeof task !== 'string') return undefined;
  lastTask = json.id;
  await owner.post(`${task}/checklist`, { text: 'Made' });
  return task;
}
let lastTask = 0;

/** Creates a post with a comment, and returns the paths of both. */
async function commented(caller: Client): Promise<{ post?: string; comment?: string }> {
  const body = { title: 'Commented', content: 'Words.', status: 'published' };
  const { location: post } = (await caller.post('/api/v1/posts', body)).headers;
  if (typeof post !== 'string') return {};
  const { location: comment } = (await caller.post(`${post}/comments`, { content: 'Words.' }))
    .headers;
  return { post, ...(typeof comment === 'string' && { comment }) };
}

/** Operations that fail on purpose. */
const FAILS_ON_PURPOSE = new Set(['playground-error']);

/** Operations with a documented client error that no request can cause. */
const CANNOT_REFUSE: Record<string, string> = {
  'playground-cookies': 'any text is a cookie',
  'playground-path': 'any text is a path',
  'playground-upstream': 'only the configuration can make it fail',
};

/** Whether the status rejects an invalid request, apart from 429. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 429;

type CallerName = 'anonymous' | 'author' | 'admin';

t.comment(`FUZZ_SEED=${SEED} FUZZ_REQUESTS=${REQUESTS} makes the same requests again`);

const upstream = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"from": "elsewhere"}');
}).listen(0, '127.0.0.1');
await once(upstream, 'listening');
t.teardown(() => upstream.close());

const { app, client, signedIn, createUser } = await createTestApp(t, {
  APP_ENV: 'development',
  BODY_LIMIT,
  PLAYGROUND: true,
  PLAYGROUND_UPSTREAM_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`,
});
const random = new Random(SEED);
const known = new Known();
const generator = new Generator(contract, random, known);
const operations = operationsOf(contract);

const counts = new Map(operations.map(({ id }) => [id, new Map<number, number>()]));
const problems = new Map<string, string>();
let callers: Record<'author' | 'admin', Client>;
let generation = 0;

t.test(`${REQUESTS} random requests`, async (t) => {
  await seedUsers();
  const asked = new Map<string, number>();
  const begin = performance.now();
  for (let number = 0; number < REQUESTS; number += 1) {
    if (number % CALLERS_RENEWED_EVERY === 0) await renewCallers();
    const operation = pickOperation(asked);
    const caller = random.pick<CallerName>(['anonymous', 'author', 'admin', 'admin']);
    const faults = random.pick([0, 0, 0, 0.1, 0.3, 0.6]);
    const request = generateRequest(operation, generator, faults, BODY_LIMIT + 1);
    if (faults === 0) {
      await aimAtListed(operation, caller, request);
      await bringWhatIsWanted(operation, request);
    }
    await attempt(operation, caller, request, number);
  }
  // If any body is valid, or none is looked at, only an oversized one is rejected, which random
  // requests may have missed.
  for (const operation of operations.filter(takesOnlyBody)) {
    const request = generateRequest(operation, generator, 0, BODY_LIMIT + 1);
    request.payload = Buffer.alloc(BODY_LIMIT + 1, ' ');
    await attempt(operation, 'admin', request, REQUESTS);
  }
  // If only an entity tag is accepted, only an oversized one is rejected.
  for (const operation of operations.filter(takesOnlyTag)) {
    const request = generateRequest(operation, generator, 0, BODY_LIMIT + 1);
    request.headers['if-none-match'] = `"${'a'.repeat(1000)}"`;
    await attempt(operation, 'admin', request, REQUESTS);
  }
  for (const operation of operations) {
    await insist(operation, isSuccess, 0);
    await insist(operation, isRefusal, 0.6);
  }
  t.comment(`took ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  for (const problem of problems.values()) t.fail(problem);
  t.equal(problems.size, 0, 'every response is documented and in time');
});

t.test('performs and rejects every operation', async (t) => {
  for (const { id, operation } of operations) {
    const got = counts.get(id) ?? new Map<number, number>();
    const statuses = [...got].sort(([a], [b]) => a - b);
    t.comment(`${id}: ${statuses.map(([status, count]) => `${status}×${count}`).join(' ')}`);
    const named = Object.keys(operation.responses ?? {}).map(Number);
    const answered = statuses.map(([status]) => status);
    if (named.some(isSuccess)) t.ok(answered.some(isSuccess), `${id}: performed`);
    const skip = CANNOT_REFUSE[id] ?? false;
    if (named.some(isRefusal)) t.ok(answered.some(isRefusal), `${id}: refused`, { skip });
  }
  for (const [id, { requests, because }] of limits()) {
    t.comment(`${id}: at most ${requests} requests, ${because}`);
  }
});

t.test('stores nothing that cannot be read', async (t) => {
  await renewCallers();
  let read = 0;
  const paths = new Set(operations.filter(({ method }) => method === 'GET').map(pathOf));
  for (const path of operations.filter(isPlainList).map(pathOf)) {
    for (let page = 1; ; page += 1) {
      const url = `${path}?size=20&page=${page}`;
      const { status, json } = await callers.admin.get(url);
      t.equal(status, 200, url);
      const items: Listed[] = json?.items ?? [];
      if (items.length === 0) break;
      for (const { id } of paths.has(`${path}/{id}`) ? items : []) {
        const reply = await callers.admin.get(`${path}/${id}`);
        if (reply.status !== 200) t.fail(`${path}/${id}: ${reply.status}`);
        read += 1;
      }
    }
  }
  t.ok(read > 100, `${read} items read`);
  // Another address: the random requests may have used up the limit for exports.
  const elsewhere = { method: 'GET', remoteAddress: '192.0.2.1' };
  for (const path of ['users/export.json', 'users/export.csv', 'posts/archives', 'posts/popular']) {
    const { status } = await callers.admin.request({ ...elsewhere, url: `/api/v1/${path}` });
    t.equal(status, 200, path);
  }
  t.equal((await client().get('/feed.xml')).status, 200, 'the feed');
});

t.test('leaves the service healthy', async (t) => {
  const ready = await client().get('/ready');
  t.equal(ready.status, 200);
  t.ok((await countAdministrators()) > 0, 'an administrator remains');
  const admin = await signedIn({ username: 'afterwards', role: 'admin' });
  t.equal((await admin.get('/api/v1/users?size=100')).status, 200);
  t.equal((await admin.post('/api/v1/users', { username: 'one_more' })).status, 201);
});

const pathOf = ({ path }: Operation): string => path;

/** Whether the operation lists a resource by page, and needs no parameter. */
function isPlainList({ method, path, operation }: Operation): boolean {
  const parameters = (operation.parameters ?? []) as OpenAPIV3_1.ParameterObject[];
  return (
    method === 'GET' &&
    !path.includes('{') &&
    parameters.some(({ name }) => name === 'page') &&
    parameters.every(({ required }) => required !== true)
  );
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 400;
}

/** Maximum number of extra requests to an operation for a response that random requests missed. */
const MORE_ATTEMPTS = 100;

async function insist(
  operation: Operation,
  isWanted: (status: number) => boolean,
  faults: number,
): Promise<void> {
  const named = Object.keys(operation.operation.responses ?? {}).map(Number);
  if (!named.some(isWanted) || operation.id in CANNOT_REFUSE) return;
  if (isStream(operation)) {
    // Most random topics do not exist, and each request takes long.
    const query = sampleQuery(operation.id);
    if (faults > 0 || query === '') return;
    const request = generateRequest(operation, generator, 0, BODY_LIMIT + 1);
    request.url = `${operation.path}${query}`;
    await attempt(operation, 'admin', { ...request, headers: {} }, REQUESTS);
    return;
  }
  for (let more = 0; more < MORE_ATTEMPTS; more += 1) {
    const answered = [...(counts.get(operation.id)?.keys() ?? [])];
    if (answered.some(isWanted)) return;
    const request = generateRequest(operation, generator, faults, BODY_LIMIT + 1);
    if (faults === 0) {
      await aimAtListed(operation, 'admin', request);
      await bringWhatIsWanted(operation, request);
    }
    // Another network each time: a limit that is used up would hide the rest.
    const from = { ...request, remoteAddress: `198.51.100.${more % 250}` };
    await attempt(operation, 'admin', from, REQUESTS + more);
  }
}

function takesOnlyBody({ method, operation }: Operation): boolean {
  return method !== 'GET' && operation.parameters === undefined;
}

function takesOnlyTag({ operation }: Operation): boolean {
  const parameters = (operation.parameters ?? []) as OpenAPIV3_1.ParameterObject[];
  const names = parameters.map(({ name }) => name.toLowerCase());
  return operation.requestBody === undefined && names.join() === 'if-none-match';
}

function isStream({ operation }: Operation): boolean {
  return Object.values(operation.responses ?? {}).some(
    (response) => 'text/event-stream' in ((response as OpenAPIV3_1.ResponseObject).content ?? {}),
  );
}

function limits(): [string, { requests: number; because: string }][] {
  const streams = operations.filter(isStream);
  return [...Object.entries(AT_MOST), ...streams.map(({ id }) => [id, MOST_STREAMS] as const)].map(
    ([id, limit]) => [id, limit],
  );
}

function pickOperation(asked: Map<string, number>): Operation {
  for (;;) {
    const operation = random.pick(operations);
    const limit = isStream(operation) ? MOST_STREAMS : AT_MOST[operation.id];
    const before = asked.get(operation.id) ?? 0;
    if (limit !== undefined && before >= limit.requests) continue;
    asked.set(operation.id, before + 1);
    return operation;
  }
}

async function attempt(
  operation: Operation,
  name: CallerName,
  request: GeneratedRequest,
  number: number,
): Promise<void> {
  const caller = name === 'anonymous' ? client() : callers[name];
  const session = caller.cookie('althing_session');
  try {
    // A generated method may be any text, whereas the client's type lists a few.
    const work = isStream(operation) ? readHead(request) : caller.request(request as never);
    const { status, json, headers } = await inTime(work);
    const statuses = counts.get(operation.id);
    statuses?.set(status, (statuses.get(status) ?? 0) + 1);
    if (isFault(status, operation)) throw new Error(`status ${status}`);
    if (isSuccess(status)) {
      known.learn(json);
      const path = request.url.split('?', 1)[0] ?? '';
      if (typeof headers['etag'] === 'string') known.learnTag(path, headers['etag']);
    }
    const isLost = json?.code === 'not_authenticated' || json?.code === 'user_unavailable';
    const isDemoted = name === 'admin' && json?.code === 'admin_required';
    const isChanged = caller.cookie('althing_session') !== session;
    if (name !== 'anonymous' && (isLost || isDemoted || isChanged)) await renewCallers();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // One example of each kind is enough to read.
    const kind = `${operation.id}: ${message.slice(0, 120)}`;
    if (!problems.has(kind)) {
      problems.set(kind, `#${number} by ${name}: ${message}; the request: ${describe(request)}`);
    }
  }
}

async function aimAtListed(
  { id, path }: Operation,
  name: CallerName,
  request: GeneratedRequest,
): Promise<void> {
  if (name === 'anonymous' || !path.includes('{')) return;
  const [, query] = request.url.split('?', 2);
  const aimAt = (target: string) => {
    request.url = query === undefined ? target : `${target}?${query}`;
  };
  const made = await MADE[id]?.(callers[name]);
  if (made !== undefined) return aimAt(made);
  const list = Object.entries(LISTS).find(([prefix]) => id.startsWith(prefix))?.[1];
  if (list === undefined) return;
  // A caller without an account has no id.
  const items: Listed[] = (await callers[name].get(list)).json.items ?? [];
  if (items.length === 0) return;
  const item = random.pick(items);
  aimAt(path.replace(/\{(\w+)\}/g, (_, field: string) => String(item[field])));
}
type Listed = Record<string, unknown>;

/** Bodies whose fields depend on each other or on the content of a mail. */
const WANTED: Record<string, () => Promise<Record<string, unknown>>> = {
  'auth-login': async () => ({ username: `author_${generation}`, password: PASSWORD }),
  'tokens-create': async () => ({ username: `author_${generation}`, password: PASSWORD }),
  'me-delete': async () => ({ password: PASSWORD }),
  'emails-change': async () => {
    newcomers += 1;
    return { email: `newcomer_${newcomers}@example.com`, password: PASSWORD };
  },
  'passwords-change': async () => ({ current_password: PASSWORD, ...NEW_PASSWORD }),
  'api-keys-create': async () => ({
    name: 'mine',
    scopes: ['me:read'],
    current_password: PASSWORD,
  }),
  'passwords-reset': async () => {
    const email = `m${random.int(0, 19)}@example.com`;
    return {
      token: await mailedToken('/api/v1/auth/forgot-password', { email }),
      ...NEW_PASSWORD,
    };
  },
  'registrations-create': async () => newRegistration(),
  // Not the names that responses show: those of members and of deleted users cannot be invited.
  'projects-invite': async () => ({ username: `member_${random.int(0, 19)}` }),
  'project-tasks-create': async () => ({ summary: 'Wanted', recurrence: null }),
  'project-tasks-update': async () => ({ summary: 'Wanted' }),
  'project-tasks-transition': async () => ({ status: 'in_progress' }),
  'project-tasks-move': async () => ({ after_id: null }),
  'project-tasks-bulk': async () => ({ ids: [lastTask], changes: {} }),
  'projects-accept-invitation-by-token': async () => {
    const project = await newProject(callers.author);
    newcomers += 1;
    const email = `newcomer_${newcomers}@example.com`;
    await callers.author.post(`${project}/invitations`, { email });
    return { token: await lastToken({ app }) };
  },
  'emails-confirm': async () => ({
    token: await mailedToken('/api/v1/auth/register', newRegistration()),
    password: PASSWORD,
  }),
};
const NEW_PASSWORD = { new_password: 'Battery-Staple-8', confirm_password: 'Battery-Staple-8' };
let newcomers = 0;

/** Returns a registration of a new user. */
function newRegistration() {
  newcomers += 1;
  const username = `newcomer_${newcomers}`;
  const passwords = { password: PASSWORD, confirm_password: PASSWORD };
  return { username, email: `${username}@example.com`, ...passwords, agree_terms: true };
}

async function bringWhatIsWanted({ id }: Operation, request: GeneratedRequest): Promise<void> {
  const wanted = WANTED[id];
  if (wanted === undefined || random.chance(0.5)) return;
  const body = await wanted();
  const isForm = request.headers['content-type']?.includes('urlencoded') === true;
  request.payload = isForm
    ? new URLSearchParams(
        Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]),
      ).toString()
    : JSON.stringify(body);
}

/** Returns the token from the mail that a request has sent. */
async function mailedToken(url: string, body: unknown): Promise<string> {
  await client().post(url, body);
  return lastToken({ app });
}

/**
 * Whether the status is a fault of the service: 500 or 503, except on operations known for them.
 */
function isFault(status: number, operation: Operation): boolean {
  if (status === 500) return !FAILS_ON_PURPOSE.has(operation.id);
  // A stream that was left may still occupy its slot.
  return status === 503 && !isStream(operation);
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`no answer within ${HANGS_AFTER_MS} ms`);
    timer = setTimeout(() => reject(error), HANGS_AFTER_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Returns the status and type of a response that may never end; other responses are read whole. */
async function readHead(request: GeneratedRequest): Promise<Reply> {
  const abort = new AbortController();
  const response = await app.inject({
    ...request,
    payloadAsStream: true,
    signal: abort.signal,
    // As above; `payloadAsStream` selects the overload.
  } as never as { payloadAsStream: true; url: string });
  const contentType = response.headers['content-type'] as string | undefined;
  const stream = response.stream();
  stream.on('error', () => {});
  let text = '';
  if (contentType?.startsWith('text/event-stream')) {
    if (request.method !== 'HEAD') await once(stream, 'data');
    abort.abort();
  } else for await (const chunk of stream) text += String(chunk);
  const { method, url } = request;
  const { statusCode: status, headers } = response;
  const problem = violation({ method, url, status, headers, body: text });
  if (problem !== null) throw new Error(problem);
  return { status, headers, text, json: undefined };
}

async function seedUsers(): Promise<void> {
  for (let number = 0; number < 20; number += 1) {
    await createUser({ username: `member_${number}`, email: `m${number}@example.com` });
  }
  // Responses contain no passwords, so the generator has to be told valid ones.
  known.learn({ password: PASSWORD });
}

async function renewCallers(): Promise<void> {
  if (generation > 0 && (await countAdministrators()) === 0) {
    problems.set('administrators', 'the last administrator is gone');
  }
  generation += 1;
  callers = {
    author: await signedIn({ username: `author_${generation}`, role: 'author' }),
    admin: await signedIn({ username: `admin_${generation}`, role: 'admin' }),
  };
  for (const caller of Object.values(callers)) {
    const key = { name: 'own', scopes: ['me:read'], current_password: PASSWORD };
    await caller.post('/api/v1/me/api-keys', key);
  }
}

async function countAdministrators(): Promise<number> {
  const { rows } = await app.pg.query<{ count: string }>(
    `select count(*) from users where role = 'admin' and is_active`,
  );
  return Number(rows[0]?.count);
}

function describe({ payload, ...rest }: GeneratedRequest): string {
  const body = Buffer.isBuffer(payload) ? `base64:${payload.toString('base64')}` : payload;
  return JSON.stringify({ ...rest, payload: body?.slice(0, 1000) });
}
