import type { OpenAPIV3_1 } from 'openapi-types';
import t, { type Test } from 'tap';
import type { RoleName } from '#schemas/roles.js';
import { SCOPE_NAMES, type Scope } from '#schemas/scopes.js';
import { createTestApp, PASSWORD } from './support/app.js';
import type { Client, Reply } from './support/client.js';
import { contract } from './support/contract.js';
import { keyOf, tokenOf } from './support/credentials.js';

/**
 * Who may become what, by which credential: the outcome of every change of rights or identity. The
 * first columns stand for users of these roles, each by session cookie and by access token; the
 * others for API keys of these users with every scope. A key with the scope of the operation alone
 * gets the same, except that a change of its own user through an operation for all users needs
 * `me:write`, too; a key with any other scope is always refused.
 *
 * - `ok`: the change is made
 * - `none`: the request succeeds, but changes neither rights nor identity
 * - `admin`, `owner`: refused, as only administrators or the owner may
 * - `never`: refused, as no API key may
 * - `key`: the operation accepts no API keys at all
 * - `open`: the operation ignores all credentials, because its body proves who asks
 */
const TABLE = `
                                   author editor admin  author-key editor-key admin-key
  users-create guest               admin  admin  ok     admin      admin      ok
  users-create author              admin  admin  ok     admin      admin      ok
  users-create editor              admin  admin  ok     admin      admin      ok
  users-create admin               admin  admin  ok     admin      admin      never
  users-bulk-create author         admin  admin  ok     admin      admin      ok
  users-bulk-create admin          admin  admin  ok     admin      admin      never
  users-replace own:profile        admin  admin  none   admin      admin      none
  users-replace own:username       admin  admin  ok     admin      admin      never
  users-replace own:email          admin  admin  ok     admin      admin      never
  users-replace author:profile     admin  admin  none   admin      admin      none
  users-replace author:email       admin  admin  ok     admin      admin      never
  users-replace admin:profile      admin  admin  none   admin      admin      never
  users-replace admin:email        admin  admin  ok     admin      admin      never
  users-replace lesser:email       admin  admin  ok     admin      admin      never
  users-update own:profile         none   none   none   none       none       none
  users-update own:username        admin  admin  ok     admin      admin      never
  users-update own:email           admin  admin  ok     admin      admin      never
  users-update own:is_active       admin  admin  ok     admin      admin      never
  users-update author:profile      owner  owner  none   owner      owner      none
  users-update author:username     owner  owner  ok     owner      owner      ok
  users-update author:email        owner  owner  ok     owner      owner      never
  users-update author:no-email     owner  owner  ok     owner      owner      never
  users-update author:same-email   owner  owner  none   owner      owner      none
  users-update asleep:email        owner  owner  ok     owner      owner      never
  users-update author:is_active    owner  owner  ok     owner      owner      ok
  users-update asleep:is_active    owner  owner  ok     owner      owner      ok
  users-update admin:profile       owner  owner  none   owner      owner      never
  users-update admin:username      owner  owner  ok     owner      owner      never
  users-update admin:email         owner  owner  ok     owner      owner      never
  users-update admin:is_active     owner  owner  ok     owner      owner      never
  users-update asleep-admin:is_active owner owner ok    owner      owner      never
  users-update lesser:email        owner  owner  ok     owner      owner      never
  users-assign-role author:guest   admin  admin  ok     admin      admin      ok
  users-assign-role author:editor  admin  admin  ok     admin      admin      ok
  users-assign-role author:admin   admin  admin  ok     admin      admin      never
  users-assign-role author:128     admin  admin  ok     admin      admin      never
  users-assign-role author:129     admin  admin  ok     admin      admin      never
  users-assign-role admin:guest    admin  admin  ok     admin      admin      never
  users-assign-role admin:admin    admin  admin  none   admin      admin      never
  users-assign-role lesser:admin   admin  admin  ok     admin      admin      never
  users-assign-role lesser:128     admin  admin  ok     admin      admin      never
  users-assign-role own:guest      admin  admin  ok     admin      admin      never
  users-assign-role own:admin      admin  admin  none   admin      admin      never
  users-invite author              admin  admin  none   key        key        key
  users-delete author              admin  admin  ok     admin      admin      ok
  users-delete admin               admin  admin  ok     admin      admin      never
  users-delete lesser              admin  admin  ok     admin      admin      never
  users-delete own                 admin  admin  ok     admin      admin      never
  me-update profile                none   none   none   none       none       none
  me-update rights                 none   none   none   none       none       none
  me-delete                        ok     ok     ok     key        key        key
  emails-change                    none   none   none   key        key        key
  passwords-change                 ok     ok     ok     key        key        key
  api-keys-create                  ok     ok     ok     key        key        key
  api-keys-delete                  ok     ok     ok     key        key        key
  sessions-end                     ok     ok     ok     key        key        key
  sessions-end-others              ok     ok     ok     key        key        key
  auth-logout                      ok     ok     ok     key        key        key
  auth-login                       open   open   open   open       open       open
  tokens-create                    open   open   open   open       open       open
  tokens-refresh                   open   open   open   open       open       open
  tokens-revoke                    open   open   open   open       open       open
  registrations-create             open   open   open   open       open       open
  registrations-resend             open   open   open   open       open       open
  emails-confirm                   open   open   open   open       open       open
  passwords-check                  open   open   open   open       open       open
  passwords-forgot                 open   open   open   open       open       open
  passwords-reset                  open   open   open   open       open       open
`;

/** Tags whose operations change neither rights nor identity of anybody. */
const ELSEWHERE = [
  'posts',
  'comments',
  'categories',
  'tags',
  'tasks',
  'projects',
  'project-tasks',
  'notifications',
  'calendars',
  'live',
  'trash',
  'jobs',
  'playground',
];

const CODES: Record<string, string> = {
  admin: 'admin_required',
  owner: 'forbidden',
  never: 'key_cannot_administer',
  key: 'key_not_allowed',
};

type Operation = OpenAPIV3_1.OperationObject & { 'x-key-scope'?: Scope | null };
const operations = new Map(
  Object.entries(contract.paths ?? {}).flatMap(([path, item]) =>
    (['post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
      const operation = item?.[method] as Operation | undefined;
      if (operation === undefined || ELSEWHERE.includes(String(operation.tags))) return [];
      const { operationId = '', 'x-key-scope': named } = operation;
      // An operation that accepts keys or refuses them looks at credentials.
      const isOpen = named === undefined;
      const scope = named ?? undefined;
      return [[operationId, { path, method: method.toUpperCase(), scope, isOpen }]] as const;
    }),
  ),
);

const [header = '', ...lines] = TABLE.split('\n').filter((line) => line.trim() !== '');
const columns = header.trim().split(/\s+/);
const rows = lines.map((line) => {
  const words = line.trim().split(/\s+/);
  const outcomes = words.slice(-columns.length);
  const [operation = '', detail = ''] = words.slice(0, -columns.length);
  return { name: `${operation} ${detail}`.trim(), operation, detail, outcomes };
});

const testApp = await createTestApp(t);
const { app, client, createUser } = testApp;
await createUser({ username: 'root', role: 'admin' });
let count = 0;

interface User {
  id: number;
  username: string;
  email: string;
}

async function newUser(kind: string): Promise<User> {
  count += 1;
  const username = `user_${count}`;
  const email = `${username}@example.com`;
  const isAdmin = ['admin', 'asleep-admin', 'lesser'].includes(kind);
  const role = isAdmin ? 'admin' : kind === 'editor' ? 'editor' : 'author';
  const { id } = await createUser({ username, email, role, is_active: !kind.includes('asleep') });
  if (kind === 'lesser') {
    await app.pg.query('update users set permissions = 129 where id = $1', [id]);
  }
  return { id, username, email };
}

/** Returns the body and the path parameter of a row's request. */
async function requestOf(
  { operation, detail }: { operation: string; detail: string },
  actor: User,
): Promise<{ id?: number; body?: object | URLSearchParams }> {
  count += 1;
  const fresh = `fresh_${count}`;
  const registration = { username: fresh, email: `${fresh}@example.org`, agree_terms: true };
  const passwords = { password: PASSWORD, confirm_password: PASSWORD };
  const newPasswords = { new_password: 'Battery-Staple-8', confirm_password: 'Battery-Staple-8' };
  const [whose = '', what = ''] = detail.split(':');
  switch (operation) {
    case 'users-create':
      return { body: { username: fresh, role: detail } };
    case 'users-bulk-create':
      return { body: [{ username: fresh }, { username: `${fresh}_2`, role: detail }] };
    case 'users-replace':
    case 'users-update': {
      const { id, username, email } = whose === 'own' ? actor : await newUser(whose);
      const changes: Record<string, object> = {
        profile: { nickname: fresh },
        username: { username: fresh },
        email: { email: `${fresh}@example.org` },
        'no-email': { email: null },
        'same-email': { email },
        is_active: { is_active: whose.includes('asleep') },
      };
      const rest = operation === 'users-replace' ? { username, email } : {};
      return { id, body: { ...rest, ...changes[what] } };
    }
    case 'users-assign-role': {
      const { id } = whose === 'own' ? actor : await newUser(whose);
      const isMask = /^\d+$/.test(what);
      return { id, body: isMask ? { permissions: Number(what) } : { role: what } };
    }
    case 'users-invite': {
      const { id } = await newUser(detail);
      await app.pg.query('update users set password_hash = null where id = $1', [id]);
      return { id };
    }
    case 'users-delete':
      return { id: (detail === 'own' ? actor : await newUser(detail)).id };
    case 'me-update': {
      const rights = { role: 'admin', permissions: 143, username: fresh, is_active: false };
      return { body: detail === 'rights' ? { ...rights, email: null } : { nickname: fresh } };
    }
    case 'me-delete':
      return { body: { password: PASSWORD } };
    case 'emails-change':
      return { body: { email: `${fresh}@example.org`, password: PASSWORD } };
    case 'passwords-change':
      return { body: { current_password: PASSWORD, ...newPasswords } };
    case 'api-keys-create':
      return { body: { name: fresh, scopes: ['me:read'], current_password: PASSWORD } };
    case 'api-keys-delete':
      await keyOf(testApp, actor.id, ['me:read']);
      return { id: await newest('api_keys', actor) };
    case 'sessions-end':
      await tokenOf(testApp, actor.id);
      return { id: await newest('sessions', actor) };
    case 'sessions-end-others':
      await tokenOf(testApp, actor.id);
      return {};
    case 'auth-login':
      return { body: { username: actor.username, password: PASSWORD } };
    case 'tokens-create':
      return { body: new URLSearchParams({ username: actor.username, password: PASSWORD }) };
    case 'tokens-refresh':
      return { body: { refresh_token: 'unknown' } };
    case 'tokens-revoke':
      return { body: new URLSearchParams({ token: 'unknown' }) };
    case 'registrations-create':
      return { body: { ...registration, ...passwords } };
    case 'registrations-resend':
    case 'passwords-forgot':
      return { body: { email: `${fresh}@example.org` } };
    case 'emails-confirm':
      return { body: { token: 'unknown', password: PASSWORD } };
    case 'passwords-reset':
      return { body: { token: 'unknown', ...newPasswords } };
    case 'passwords-check':
      return { body: { password: PASSWORD } };
    default:
      return {};
  }
}

async function newest(table: 'api_keys' | 'sessions', { id }: User): Promise<number> {
  const { rows } = await app.pg.query(`select max(id) as id from ${table} where user_id = $1`, [
    id,
  ]);
  return rows[0].id;
}

/** What a change may concern; `administrators` is the part that no API key ever changes. */
async function observe() {
  const { rows } = await app.pg.query(`
    select md5(string_agg(concat_ws('|', id, username, email, password_hash, permissions, is_active),
             ',' order by id)) as users,
           md5(string_agg(concat_ws('|', id, username, email, password_hash, permissions, is_active),
             ',' order by id) filter (where permissions & 128 <> 0)) as administrators,
           (select count(*) from api_keys) as keys,
           (select count(*) from sessions) as sessions
    from users`);
  return rows[0] as Record<'users' | 'administrators' | 'keys' | 'sessions', string>;
}

/** Sends the row's request; returns what came of it in the words of the table. */
async function attempt(
  row: (typeof rows)[number],
  actor: User,
  who: Client,
  headers: Record<string, string>,
): Promise<string> {
  const operation = operations.get(row.operation);
  if (operation === undefined) return 'unknown operation';
  const { id, body } = await requestOf(row, actor);
  const before = await observe();
  const isForm = body instanceof URLSearchParams;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const send = (client: Client, credentials: Record<string, string>): Promise<Reply> =>
    client.request({
      method: operation.method as 'POST',
      url: operation.path.replace('{id}', String(id)),
      headers: { ...credentials, ...(isForm ? form : {}) },
      ...(body === undefined ? {} : { payload: isForm ? body.toString() : body }),
    });
  const reply = await send(who, headers);
  const after = await observe();
  const isByKey = 'x-api-key' in headers;
  if (isByKey && after.administrators !== before.administrators) return 'changed administrators';
  if (operation.isOpen) {
    // Registering twice is refused whoever asks.
    if (row.operation === 'registrations-create') return reply.status === 201 ? 'open' : 'refused';
    const anonymous = await send(client(), {});
    const isSame = reply.status === anonymous.status && reply.json.code === anonymous.json.code;
    return isSame ? 'open' : `${reply.status}, but anonymous: ${anonymous.status}`;
  }
  const isUnchanged = JSON.stringify(after) === JSON.stringify(before);
  if (reply.status < 400) return isUnchanged ? 'none' : 'ok';
  if (!isUnchanged) return `${reply.status}, but changed something`;
  const code = String(reply.json.code);
  return Object.keys(CODES).find((word) => CODES[word] === code) ?? code;
}

t.same(columns, ['author', 'editor', 'admin', 'author-key', 'editor-key', 'admin-key']);

t.test('covers every operation that can change rights or identity', async (t) => {
  const named = new Set(rows.map(({ operation }) => operation));
  t.same([...named].sort(), [...operations.keys()].sort());
  t.equal(new Set(rows.map(({ name }) => name)).size, rows.length, 'each row once');
  const known = new Set(contract.tags?.map(({ name }) => name));
  for (const tag of ELSEWHERE) t.ok(known.has(tag), tag);
});

for (const row of rows) {
  t.test(row.name, async (t) => {
    for (const [index, role] of (['author', 'editor', 'admin'] as const).entries()) {
      await asUser(t, row, role, row.outcomes[index]);
      await byKeys(t, row, role, row.outcomes[index + 3]);
    }
  });
}

async function asUser(
  t: Test,
  row: (typeof rows)[number],
  role: RoleName,
  expected: string | undefined,
): Promise<void> {
  const browsing = await newUser(role);
  const browser = client();
  await browser.signIn(browsing.username, PASSWORD);
  t.equal(await attempt(row, browsing, browser, {}), expected, `${role} by session`);
  const bearing = await newUser(role);
  const token = await tokenOf(testApp, bearing.id);
  t.equal(await attempt(row, bearing, client(), token), expected, `${role} by token`);
}

async function byKeys(
  t: Test,
  row: (typeof rows)[number],
  role: RoleName,
  expected: string | undefined,
): Promise<void> {
  const actor = await newUser(role);
  const { scope, isOpen } = operations.get(row.operation) ?? { isOpen: false };
  const withScopes = async (scopes: Scope[]) =>
    attempt(row, actor, client(), await keyOf(testApp, actor.id, scopes));
  t.equal(await withScopes(SCOPE_NAMES), expected, `key of ${role} with every scope`);
  const needsBoth = /^users-(update|replace)$/.test(row.operation) && row.detail.startsWith('own:');
  const isRefusedFirst = expected === 'admin';
  for (const one of SCOPE_NAMES) {
    const isEnough = one === scope && (!needsBoth || isRefusedFirst);
    const refusal = scope === undefined ? 'key' : 'insufficient_scope';
    const outcome = isOpen || isEnough ? expected : refusal;
    t.equal(await withScopes([one]), outcome, `key of ${role} with ${one}`);
  }
}
