import t from 'tap';
import type { RoleName } from '#schemas/roles.js';
import { SCOPE_NAMES, type Scope } from '#schemas/scopes.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { createTestApp, PASSWORD } from './support/app.js';
import { insertTestComments, insertTestPost } from './support/articles.js';
import { preparedProject, preparedTask } from './support/projects.js';
import {
  operations,
  REFUSED_BY_HANDLER,
  sampleBody,
  sampleQuery,
} from './support/sample-requests.js';

/**
 * Expected access of each operation by caller. `ok`: the request reaches the handler. `editor` and
 * `admin` use a session cookie, the others a token. `key` is an administrator's API key with the
 * operation's scope, `other` one with every scope but that. `owner` owns the resource. `expired`
 * holds an expired access token of an administrator, `inactive` a token of a deactivated
 * administrator.
 *
 * An operation that ignores tokens and API keys answers all of them alike.
 */
const TABLE = `
                       anonymous guest author editor admin owner key other expired inactive
  health               ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  ready                ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  status               ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  status-text          ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  api-versions         ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  welcome              ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  dev-mail-list        ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  feed-read            ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  playground-*         ok        ok    ok     ok     ok    ok    ok  ok    ok      ok

  auth-login           ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  auth-logout          ok        ok    ok     ok     ok    ok    403 403   401     401
  auth-csrf            ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  auth-session         ok        ok    ok     ok     ok    ok    ok  403   401     401
  tokens-create        ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  tokens-refresh       ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  tokens-revoke        ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  registrations-create ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  registrations-resend ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  emails-confirm       ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  passwords-check      ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  passwords-forgot     ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  passwords-reset      ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  passwords-change     401       ok    ok     ok     ok    ok    403 403   401     401

  me-read              401       ok    ok     ok     ok    ok    ok  403   401     401
  me-update            401       ok    ok     ok     ok    ok    ok  403   401     401
  me-delete            401       ok    ok     ok     ok    ok    403 403   401     401
  emails-change        401       ok    ok     ok     ok    ok    403 403   401     401
  sessions-list        401       ok    ok     ok     ok    ok    403 403   401     401
  sessions-end         401       ok    ok     ok     ok    ok    403 403   401     401
  sessions-end-others  401       ok    ok     ok     ok    ok    403 403   401     401
  api-keys-list        401       ok    ok     ok     ok    ok    403 403   401     401
  api-keys-create      401       ok    ok     ok     ok    ok    403 403   401     401
  api-keys-delete      401       ok    ok     ok     ok    ok    403 403   401     401

  users-list           ok        ok    ok     ok     ok    ok    ok  403   401     401
  users-read           ok        ok    ok     ok     ok    ok    ok  403   401     401
  users-export-json    ok        ok    ok     ok     ok    ok    ok  403   401     401
  users-export-csv     ok        ok    ok     ok     ok    ok    ok  403   401     401
  users-create         401       403   403    403    ok    403   ok  403   401     401
  users-bulk-create    401       403   403    403    ok    403   ok  403   401     401
  users-replace        401       403   403    403    ok    403   ok  403   401     401
  users-update         401       403   403    403    ok    ok    ok  403   401     401
  users-assign-role    401       403   403    403    ok    403   ok  403   401     401
  users-invite         401       403   403    403    ok    403   403 403   401     401
  users-delete         401       403   403    403    ok    403   ok  403   401     401

  posts-list           ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-read           ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-read-by-slug   ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-popular        ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-archives       ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-by-author      ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-by-tag         ok        ok    ok     ok     ok    ok    ok  403   401     401
  posts-create         401       403   ok     ok     ok    ok    ok  403   401     401
  posts-replace        401       403   403    ok     ok    ok    ok  403   401     401
  posts-update         401       403   403    ok     ok    ok    ok  403   401     401
  posts-publish        401       403   403    ok     ok    ok    ok  403   401     401
  posts-unpublish      401       403   403    ok     ok    ok    ok  403   401     401
  posts-delete         401       403   403    ok     ok    ok    ok  403   401     401
  post-comments-list   ok        ok    ok     ok     ok    ok    ok  403   401     401
  post-comments-read   ok        ok    ok     ok     ok    ok    ok  403   401     401
  post-comments-create 401       403   ok     ok     ok    ok    ok  403   401     401
  comments-list        401       403   403    ok     ok    403   ok  403   401     401
  comments-read        ok        ok    ok     ok     ok    ok    ok  403   401     401
  comments-list-replies ok       ok    ok     ok     ok    ok    ok  403   401     401
  comments-update      401       403   403    403    403   ok    403 403   401     401
  comments-delete      401       403   403    ok     ok    ok    ok  403   401     401
  comments-approve     401       403   403    ok     ok    403   ok  403   401     401
  comments-reject      401       403   403    ok     ok    403   ok  403   401     401
  comments-moderate    401       403   403    ok     ok    403   ok  403   401     401
  trash-list           401       ok    ok     ok     ok    ok    ok  403   401     401
  trash-restore        401       403   ok     ok     ok    ok    ok  403   401     401
  trash-purge          401       403   ok     ok     ok    ok    ok  403   401     401
  categories-list      ok        ok    ok     ok     ok    ok    ok  403   401     401
  categories-read      ok        ok    ok     ok     ok    ok    ok  403   401     401
  categories-posts     ok        ok    ok     ok     ok    ok    ok  403   401     401
  categories-create    401       403   403    ok     ok    403   ok  403   401     401
  categories-replace   401       403   403    ok     ok    403   ok  403   401     401
  categories-update    401       403   403    ok     ok    403   ok  403   401     401
  categories-delete    401       403   403    ok     ok    403   ok  403   401     401

  tags-list            ok        ok    ok     ok     ok    ok    ok  403   401     401
  tags-read            ok        ok    ok     ok     ok    ok    ok  403   401     401
  tags-posts           ok        ok    ok     ok     ok    ok    ok  403   401     401
  tags-create          401       403   403    ok     ok    403   ok  403   401     401
  tags-replace         401       403   403    ok     ok    403   ok  403   401     401
  tags-update          401       403   403    ok     ok    403   ok  403   401     401
  tags-delete          401       403   403    ok     ok    403   ok  403   401     401

  tasks-list           401       ok    ok     ok     ok    ok    ok  403   401     401
  tasks-statistics     401       ok    ok     ok     ok    ok    ok  403   401     401
  tasks-read           401       ok    ok     ok     ok    ok    ok  403   401     401
  tasks-create         401       ok    ok     ok     ok    ok    ok  403   401     401
  tasks-update         401       ok    ok     ok     ok    ok    ok  403   401     401
  tasks-flip           401       ok    ok     ok     ok    ok    ok  403   401     401
  tasks-purge-completed 401      ok    ok     ok     ok    ok    ok  403   401     401
  tasks-delete         401       ok    ok     ok     ok    ok    ok  403   401     401

  projects-list        401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-read        401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-read-by-key 401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-create      401       403   ok     ok     ok    ok    ok  403   401     401
  projects-update      401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-archive     401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-unarchive   401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-delete      401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-list-members 401      ok    ok     ok     ok    ok    ok  403   401     401
  projects-change-member 401     ok    ok     ok     ok    ok    ok  403   401     401
  projects-remove-member 401     ok    ok     ok     ok    ok    ok  403   401     401
  projects-list-invitations 401  ok    ok     ok     ok    ok    ok  403   401     401
  projects-invite      401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-withdraw-invitation 401 ok    ok     ok     ok    ok    ok  403   401     401
  projects-list-my-invitations 401 ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-list-mine 401    ok    ok     ok     ok    ok    ok  403   401     401
  projects-accept-invitation 401 ok    ok     ok     ok    ok    ok  403   401     401
  projects-accept-invitation-by-token 401 ok    ok     ok     ok    ok    ok  403   401     401
  projects-decline-invitation 401 ok    ok     ok     ok    ok    ok  403   401     401
  projects-list-labels 401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-read-label  401       ok    ok     ok     ok    ok    ok  403   401     401
  projects-create-label 401      ok    ok     ok     ok    ok    ok  403   401     401
  projects-update-label 401      ok    ok     ok     ok    ok    ok  403   401     401
  projects-delete-label 401      ok    ok     ok     ok    ok    ok  403   401     401

  project-tasks-list-mine 401    ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-list   401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-read   401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-read-by-number 401 ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-board  401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-history 401      ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-create 401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-update 401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-transition 401   ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-move   401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-bulk   401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-delete 401       ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-add-item 401     ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-change-item 401  ok    ok     ok     ok    ok    ok  403   401     401
  project-tasks-remove-item 401  ok    ok     ok     ok    ok    ok  403   401     401

  calendars-read-mine  401       ok    ok     ok     ok    ok    ok  403   401     401
  calendars-read-project 401     ok    ok     ok     ok    ok    ok  403   401     401
  calendar-tokens-read 401       ok    ok     ok     ok    ok    403 403   401     401
  calendar-tokens-create 401     ok    ok     ok     ok    ok    403 403   401     401
  calendar-tokens-delete 401     ok    ok     ok     ok    ok    403 403   401     401

  task-comments-list   401       ok    ok     ok     ok    ok    ok  403   401     401
  task-comments-read   401       ok    ok     ok     ok    ok    ok  403   401     401
  task-comments-create 401       ok    ok     ok     ok    ok    ok  403   401     401
  task-comments-update 401       ok    ok     ok     ok    ok    ok  403   401     401
  task-comments-delete 401       ok    ok     ok     ok    ok    ok  403   401     401
  task-watchers-list   401       ok    ok     ok     ok    ok    ok  403   401     401
  task-watchers-watch  401       ok    ok     ok     ok    ok    ok  403   401     401
  task-watchers-unwatch 401       ok    ok     ok     ok    ok    ok  403   401     401
  task-relations-list  401       ok    ok     ok     ok    ok    ok  403   401     401
  task-relations-add   401       ok    ok     ok     ok    ok    ok  403   401     401
  task-relations-remove 401       ok    ok     ok     ok    ok    ok  403   401     401

  notifications-list  401        ok    ok     ok     ok    ok    ok  403   401     401
  notifications-count-unread 401 ok    ok     ok     ok    ok    ok  403   401     401
  notifications-mark-several-read 401 ok    ok     ok     ok    ok    ok  403   401     401
  notifications-mark-read 401    ok    ok     ok     ok    ok    ok  403   401     401
  notifications-mark-unread 401  ok    ok     ok     ok    ok    ok  403   401     401
  notification-settings-read 401 ok    ok     ok     ok    ok    ok  403   401     401
  notification-settings-update 401 ok    ok     ok     ok    ok    ok  403   401     401
  projects-read-mute  401        ok    ok     ok     ok    ok    ok  403   401     401
  projects-mute       401        ok    ok     ok     ok    ok    ok  403   401     401
  projects-unmute     401        ok    ok     ok     ok    ok    ok  403   401     401
  task-mutes-read     401        ok    ok     ok     ok    ok    ok  403   401     401
  task-mutes-mute     401        ok    ok     ok     ok    ok    ok  403   401     401
  task-mutes-unmute   401        ok    ok     ok     ok    ok    ok  403   401     401

  live-ws              ok        ok    ok     ok     ok    ok    ok  403   401     401
  live-events          ok        ok    ok     ok     ok    ok    ok  403   401     401

  roles-list           ok        ok    ok     ok     ok    ok    ok  403   401     401
  search               ok        ok    ok     ok     ok    ok    ok  403   401     401
  search-suggest       ok        ok    ok     ok     ok    ok    ok  403   401     401
  search-tasks         401       ok    ok     ok     ok    ok    ok  403   401     401
  audit-list           401       403   403    403    ok    403   ok  403   401     401
  jobs-list            401       403   403    403    ok    403   ok  403   401     401
  jobs-retry           401       403   403    403    ok    403   ok  403   401     401
  admin-database       401       403   403    403    ok    403   ok  403   401     401
  admin-statistics     401       403   403    403    ok    403   ok  403   401     401

  v2-welcome           ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  v2-status            ok        ok    ok     ok     ok    ok    ok  ok    ok      ok
  v2-users-list        ok        ok    ok     ok     ok    ok    ok  403   401     401
  v2-users-read        ok        ok    ok     ok     ok    ok    ok  403   401     401
  v2-articles-list     ok        ok    ok     ok     ok    ok    ok  403   401     401
  v2-articles-read     ok        ok    ok     ok     ok    ok    ok  403   401     401
`;

type Outcome = 'ok' | '401' | '403';
const CALLERS = [
  'anonymous',
  'guest',
  'author',
  'editor',
  'admin',
  'owner',
  'key',
  'other',
  'expired',
  'inactive',
] as const;
type Caller = (typeof CALLERS)[number];

const [header = '', ...lines] = TABLE.split('\n').filter((line) => line.trim() !== '');
const rows = new Map(
  lines.map((line) => {
    const [operation = '', ...outcomes] = line.trim().split(/\s+/);
    return [operation, outcomes as Outcome[]];
  }),
);

const testApp = await createTestApp(t);
const { app, clock, client, createUser } = testApp;
let count = 0;

/** Creates a user with an access token. */
async function newUser(role: RoleName) {
  count += 1;
  const username = `u${count}`;
  const { id } = await createUser({ username, role });
  const { rows } = await app.pg.query(
    `insert into sessions (user_id, kind, expires_at) values ($1, 'token', $2) returning id`,
    [id, new Date(clock.read().getTime() + 24 * 3600 * 1000).toISOString()],
  );
  const sessionId: number = rows[0].id;
  const token = app.tokenKeys.sign('access', { userId: id, sessionId }, clock.read());
  return { id, username, sessionId, token };
}

async function newKey(
  userId: number,
  scopes: readonly Scope[],
): Promise<{ id: number; key: string }> {
  count += 1;
  const key = `alt_${count}`;
  const { rows } = await app.pg.query(
    `insert into api_keys (user_id, name, prefix, key_hash, scopes)
     values ($1, 'test', 'alt_', $2, $3) returning id`,
    [userId, hashSecret(key), scopes],
  );
  return { id: rows[0].id, key };
}

async function prepare(caller: Caller, scope: Scope | undefined) {
  const isRole = ['guest', 'author', 'editor'].includes(caller);
  const role = caller === 'owner' ? 'author' : isRole ? (caller as RoleName) : 'admin';
  const user = await newUser(role);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  switch (caller) {
    case 'anonymous':
      return { user, headers: {} };
    case 'key':
      return { user, headers: bearer((await newKey(user.id, scope ? [scope] : SCOPE_NAMES)).key) };
    case 'other': {
      const { key } = await newKey(
        user.id,
        SCOPE_NAMES.filter((name) => name !== scope),
      );
      return { user, headers: { 'x-api-key': key } };
    }
    case 'expired': {
      const longAgo = new Date(clock.read().getTime() - 3601 * 1000);
      const subject = { userId: user.id, sessionId: user.sessionId };
      return { user, headers: bearer(app.tokenKeys.sign('access', subject, longAgo)) };
    }
    case 'inactive':
      await app.pg.query('update users set is_active = false where id = $1', [user.id]);
      return { user, headers: bearer(user.token) };
    case 'admin':
    case 'editor': {
      const browser = client();
      await browser.signIn(user.username, PASSWORD);
      return { user, headers: {}, browser };
    }
    default:
      return { user, headers: bearer(user.token) };
  }
}

type User = Awaited<ReturnType<typeof newUser>>;

/** Returns the values of the path: of a resource of the caller or of a user. */
async function placesFor(operation: string, caller: Caller, user: User) {
  if (operation.startsWith('task-')) {
    return preparedTask(
      testApp,
      operation,
      caller === 'owner' ? user.id : (await newUser('author')).id,
    );
  }
  if (!/^projects?-/.test(operation)) {
    return { id: await idFor(operation, caller, user), comment_id: 1, kind: 'post' };
  }
  // A token works for whoever has it.
  const isOwn = caller === 'owner' || operation.endsWith('-by-token');
  return preparedProject(testApp, operation, isOwn ? user : await newUser('author'));
}

async function idFor(operation: string, caller: Caller, user: User) {
  if (operation === 'sessions-end') return user.sessionId;
  if (operation === 'api-keys-delete') return (await newKey(user.id, ['me:read'])).id;
  const { id } = caller === 'owner' ? user : await newUser('author');
  if (operation === 'users-invite') {
    await app.pg.query('update users set password_hash = null where id = $1 and id <> $2', [
      id,
      user.id,
    ]);
  }
  if (!/^(?:v2-)?(?:post-)?(?:posts|comments|articles)-/.test(operation)) return id;
  const post = await insertTestPost(app, { title: `Post ${count}`, author_id: id });
  if (!operation.startsWith('comments-')) return post.id;
  return (await insertTestComments(app, post.id, [{ author_id: id }]))[0];
}

t.same(header.trim().split(/\s+/), CALLERS);

t.test('covers every operation exactly once', async (t) => {
  const named = operations.filter(({ id }) => !id.startsWith('playground-'));
  t.same(
    [...rows.keys()].filter((name) => name !== 'playground-*').sort(),
    named.map(({ id }) => id).sort(),
  );
});

t.test('ignores tokens and API keys in the playground', async (t) => {
  const plain = operations.filter(
    ({ id, method, path }) =>
      id.startsWith('playground-') && method === 'GET' && !path.includes('{'),
  );
  t.ok(plain.length > 10);
  t.same(rows.get('playground-*'), Array(CALLERS.length).fill('ok'));
  for (const { id, path, scope } of plain) {
    t.equal(scope, undefined, `${id} declares no scope`);
    const { status } = await client().request({ method: 'HEAD', url: path });
    for (const caller of ['expired', 'other'] as const) {
      const { headers } = await prepare(caller, scope);
      const reply = await client().request({ method: 'HEAD', url: path, headers });
      t.equal(reply.status, status, `${id}: ${caller}`);
    }
  }
});

for (const { id: operation, method, path, scope } of operations) {
  const outcomes = rows.get(operation);
  if (outcomes === undefined) continue;
  t.test(operation, async (t) => {
    for (const [index, caller] of CALLERS.entries()) {
      const { user, headers, browser = client() } = await prepare(caller, scope);
      const places = await placesFor(operation, caller, user);
      const url = Object.entries(places).reduce(
        (made, [name, value]) => made.replace(`{${name}}`, String(value)),
        path,
      );
      // Password checks reject inactive users too.
      const whose = caller === 'inactive' ? await newUser('author') : user;
      const { headers: described, payload } = await sampleBody(operation, {
        username: whose.username,
        client: client(),
        places,
      });
      const reply = await browser.request({
        method,
        url: `${url}${sampleQuery(operation)}`,
        headers: { ...headers, ...described },
        ...(payload === undefined ? {} : { payload }),
      });
      const told = `${caller}: ${reply.status} ${reply.json?.code ?? ''}`;
      const expected = outcomes[index];
      if (expected === 'ok') {
        const passes =
          REFUSED_BY_HANDLER[operation] === undefined
            ? reply.status < 400 || reply.status === 404
            : reply.status === 422;
        t.ok(passes, told);
      } else {
        t.equal(String(reply.status), expected, told);
      }
    }
  });
}
