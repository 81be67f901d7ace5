import { sql } from 'kysely';
import t from 'tap';
import { loadDemoData } from '#app/demo/demo-data.js';
import { ensureTags } from '#src/articles/stores/post-tags.js';
import { withFolded } from '#src/db/folded-columns.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { type Column, tables } from '#src/db/tables.js';
import { inTransaction } from '#src/db/transaction.js';
import { fold, foldEmail } from '#src/lib/fold.js';
import { findCredentials, findCredentialsByEmail } from '#src/people/stores/accounts.js';
import { findRegistrationsToResend, insertRegistration } from '#src/people/stores/registrations.js';
import { findTaken, insertUser, insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { codePoints, codesOf, spellingsOf } from '#test/support/code-points.js';
import { lastToken } from '#test/support/mails.js';
import { Problems } from '#test/support/problems.js';

/** Every column that has a folded form. */
const IDENTIFYING = Object.entries<Record<string, Column>>(tables).flatMap(([table, columns]) =>
  Object.keys(columns).flatMap((name) => {
    const [, column] = /^(.+)_folded$/.exec(name) ?? [];
    return column === undefined ? [] : [{ table, column }];
  }),
);

/**
 * All spellings that differ in case or normalization from another one, grouped by their folded
 * form. Every other character is alone in its group.
 */
const GROUPS = (() => {
  const groups = new Map<string, Set<string>>();
  for (const char of codePoints()) {
    const spellings = spellingsOf(char);
    if (spellings.length === 1) continue;
    for (const spelling of spellings) {
      const key = fold(spelling);
      groups.set(key, (groups.get(key) ?? new Set()).add(spelling));
    }
  }
  return [...groups.values()].map((spellings) => [...spellings]);
})();

/** The groups that are looked up one by one: of the Hangul syllables, which are alike, a few. */
const LOOKED_UP = GROUPS.filter(
  ([first = '']) => !/^[가-힣]/.test(first.normalize('NFC')) || /[가각힣]/.test(first),
);

/** Splits a list, because a pool has ten connections. */
async function inParallel<T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const iterator = list.values();
  const workers = Array.from({ length: 8 }, async () => {
    for (const item of iterator) await work(item);
  });
  await Promise.all(workers);
}

t.test('finds a user under each spelling with the same folded form, and no other', async (t) => {
  const { app } = await createTestApp(t);
  const username = (spelling: string) => `x${spelling}`;
  const email = (spelling: string) => `x${spelling}@example.com`;
  const ids = await insertUsers(
    app.db,
    GROUPS.map(([first = '']) => ({ username: username(first), email: email(first) })),
  );
  const idOf = new Map(GROUPS.map(([first = ''], index) => [fold(first), ids[index]]));
  t.ok(LOOKED_UP.length > 2500, `${GROUPS.length} groups, ${LOOKED_UP.length} looked up`);

  const problems = new Problems();
  await inParallel(LOOKED_UP.flat(), async (spelling) => {
    const expected = idOf.get(fold(spelling));
    const found = {
      username: await findCredentials(app.db, username(spelling)),
      email: await findCredentialsByEmail(app.db, email(spelling)),
    };
    for (const [by, user] of Object.entries(found)) {
      problems.unless(user?.id === expected, `${codesOf(spelling)} by ${by}`);
    }
  });
  problems.assertNone(t, 'lookups');

  const others = GROUPS.flatMap(([, ...spellings]) => spellings);
  const taken = await findTaken(
    app.db,
    others.map((spelling) => fold(username(spelling))),
    others.map((spelling) => foldEmail(email(spelling))),
  );
  const names = new Problems();
  for (const spelling of others) {
    names.unless(taken.usernames.has(fold(username(spelling))), `${codesOf(spelling)} as username`);
    names.unless(taken.emails.has(foldEmail(email(spelling))), `${codesOf(spelling)} as email`);
  }
  names.assertNone(t, 'taken names');

  for (const [spelling = ''] of [['\u212a'], ['ς'], ['e\u0301'], ['Ǆ'], ['i\u0307']]) {
    for (const user of [
      { username: username(spelling) },
      { username: 'other', email: email(spelling) },
    ]) {
      const failure = await insertUser(app.db, user).catch(toPostgresFailure);
      const field = 'email' in user ? 'email' : 'username';
      t.same(failure, { kind: 'duplicate', field }, `${codesOf(spelling)} as ${field}`);
    }
  }
});

t.test('finds a registration under each spelling with the same folded form', async (t) => {
  const { app, clock } = await createTestApp(t);
  const now = clock.read();
  const values = (spelling: string, milliseconds: number) => ({
    username: `x${spelling}`,
    email: `${spelling}@example.com`,
    password_hash: 'x',
    network_hash: null,
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + milliseconds).toISOString(),
  });
  const groups = GROUPS.filter((_, index) => index % 100 === 0);
  const problems = new Problems();
  await inParallel(groups, async ([first = '', ...others]) => {
    const id = await insertRegistration(app.db, values(first, 1));
    for (const spelling of [first, ...others]) {
      const found = await findRegistrationsToResend(
        app.db,
        { email: `${spelling}@example.com`, network_hash: null },
        now,
      );
      problems.unless(found.length === 1 && found[0] === id, codesOf(spelling));
      const repeated = await insertRegistration(app.db, values(spelling, 1)).catch(
        toPostgresFailure,
      );
      const expected = JSON.stringify({ kind: 'duplicate', field: 'username' });
      problems.unless(JSON.stringify(repeated) === expected, `${codesOf(spelling)} repeated`);
    }
  });
  problems.assertNone(t, 'registrations');
});

t.test('creates one tag for all spellings with the same folded form', async (t) => {
  const { app } = await createTestApp(t);
  const ensure = (names: string[]) =>
    inTransaction({ db: app.db }, ({ db }) => ensureTags(db, null, names));
  // A few hundred, because each new tag looks for a free slug.
  const groups = GROUPS.filter(
    ([first = ''], index) => first.trim() !== '' && (index % 50 === 0 || first.length > 2),
  );
  const created = await ensure(groups.map(([first = '']) => `x${first}`));
  t.equal(new Set(created).size, groups.length);
  const problems = new Problems();
  for (const [first = '', ...others] of groups) {
    const [id] = await ensure([`x${first}`]);
    for (const spelling of others) {
      problems.unless((await ensure([`x${spelling}`]))[0] === id, codesOf(spelling));
    }
  }
  problems.assertNone(t, 'tags');
  t.same((await ensure(groups.flat().map((name) => ` x${name} `))).sort(), created.sort());
  const { rows } = await sql`select from tags`.execute(app.db);
  t.equal(rows.length, groups.length);
});

t.test('requires the folded form of every name', async (t) => {
  t.same(IDENTIFYING.map(({ table, column }) => `${table}.${column}`).sort(), [
    'categories.name',
    'project_invitations.email',
    'project_labels.name',
    'registrations.email',
    'registrations.username',
    'tags.name',
    'users.email',
    'users.username',
  ]);
  const { app } = await createTestApp(t);
  const refused = async (text: string) => {
    await t.rejects(app.pg.query(text), { code: /^23502|23514$/ }, text);
  };
  await refused(`insert into users (username) values ('al')`);
  await refused(
    `insert into users (username, username_folded, email) values ('al', 'al', 'al@example.com')`,
  );
  await refused(`insert into tags (name, slug) values ('al', 'al')`);
  await refused(`insert into categories (name, slug) values ('al', 'al')`);
  await refused(
    `insert into registrations (username, email, password_hash, expires_at)
     values ('al', 'al@example.com', 'x', now())`,
  );
  await refused(
    `insert into project_invitations (project_id, email, invited_by, role, expires_at)
     values (1, 'al@example.com', 1, 'member', now())`,
  );
  await refused(`insert into project_labels (project_id, name, color) values (1, 'al', '#808080')`);
});

t.test('adds the folded forms of the given values only', async (t) => {
  t.same(withFolded({ username: 'X', bio: 'Y' }), {
    username: 'X',
    username_folded: 'x',
    bio: 'Y',
  });
  t.same(withFolded({}), {});
  t.same(withFolded({ username: 'Al', email: null }), {
    username: 'Al',
    username_folded: 'al',
    email: null,
    email_folded: null,
  });
  t.same(withFolded({ email: 'Al@XN--BCHER-KVA.example' }), {
    email: 'Al@XN--BCHER-KVA.example',
    email_folded: 'al@bücher.example',
  });
  t.same(withFolded({ name: 'ÉTÉ' }), { name: 'ÉTÉ', name_folded: 'été' });
});

t.test('every way of writing a name stores its folded form', async (t) => {
  const test = await createTestApp(t);
  const { app } = test;
  const password = await loadDemoData(app.db);
  const admin = test.client();
  await admin.signIn('admin', String(password));
  const made = async (reply: Promise<{ status: number; text: string; json: { id: number } }>) => {
    const { status, text, json } = await reply;
    t.ok(status < 300, text);
    return json.id;
  };
  const users = '/api/v1/users';
  const id = await made(admin.post(users, { username: 'Zoe', email: 'Zoé@EXAMPLE.com' }));
  await made(admin.patch(`${users}/${id}`, { username: 'ZOE', email: 'ZOE\u0301@Bücher.example' }));
  await made(admin.patch(`${users}/${id}`, { email: null }));
  await made(admin.put(`${users}/${id}`, { username: 'Zoe2', email: 'Σς@example.com' }));
  await made(
    admin.post(`${users}/bulk`, [
      { username: 'Bulk_1', email: 'İ@example.com' },
      { username: 'BULK_2' },
    ]),
  );
  const form = (username: string, email: string) => ({
    username,
    email,
    password: PASSWORD,
    confirm_password: PASSWORD,
    agree_terms: true,
  });
  await made(test.client().post('/api/v1/auth/register', form('Confirmed', 'C\u00c9@example.com')));
  await made(
    test
      .client()
      .post('/api/v1/auth/verify-email', { token: await lastToken(test), password: PASSWORD }),
  );
  await made(test.client().post('/api/v1/auth/register', form('Waits', 'W@EXAMPLE.com')));
  const eve = test.client();
  await eve.signIn('confirmed', PASSWORD);
  await made(eve.post('/api/v1/me/email', { email: 'New\u00c9@example.com', password: PASSWORD }));
  await made(
    test
      .client()
      .post('/api/v1/auth/verify-email', { token: await lastToken(test), password: PASSWORD }),
  );
  for (const kind of ['categories', 'tags']) {
    const topic = await made(admin.post(`/api/v1/${kind}`, { name: 'Cafe\u0301 A' }));
    await made(admin.patch(`/api/v1/${kind}/${topic}`, { name: 'THÉ', slug: 'the' }));
    await made(admin.patch(`/api/v1/${kind}/${topic}`, { slug: 'the-2' }));
    await made(admin.put(`/api/v1/${kind}/${topic}`, { name: 'The\u0301 ς' }));
  }
  const post = { title: 'Tagged', content: 'x', tags: ['ΟΔΟΣ', 'Neu', 'NEU', ' ﬁ '] };
  const postId = await made(admin.post('/api/v1/posts', post));
  await made(admin.patch(`/api/v1/posts/${postId}`, { tags: ['οδος', '\u212a'] }));

  const problems = new Problems();
  for (const { table, column } of IDENTIFYING) {
    const { rows } = await app.pg.query(
      `select id, ${column} as name, ${column}_folded as folded from ${table}`,
    );
    problems.unless(rows.length > 0, `no ${column} in ${table}`);
    for (const { id, name, folded } of rows) {
      const expected = name === null ? null : column === 'email' ? foldEmail(name) : fold(name);
      problems.unless(folded === expected, `${table}.${column} of ${id}: ${name}, ${folded}`);
    }
  }
  problems.assertNone(t, 'stored forms');
});
