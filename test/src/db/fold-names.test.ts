import pg from 'pg';
import t, { type Test } from 'tap';
import { readMigrations } from '#src/db/migration-files.js';
import { MigrationError, migrateDown, migrateUp, migrationStatus } from '#src/db/migrator.js';
import { preparations } from '#src/db/preparations.js';
import { fold, foldEmail } from '#src/lib/fold.js';
import { createTestDatabase } from '#test/support/database.js';
import { Problems } from '#test/support/problems.js';

const NAME = '0024_folded_names';
const migrations = readMigrations();
const earlier = migrations.filter(({ name }) => name < NAME);
const upTo = migrations.filter(({ name }) => name <= NAME);

/** A database as the previous version left it. */
async function createEarlier(t: Test) {
  const url = await createTestDatabase(t, 'template0');
  await migrateUp(url, earlier);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.teardown(() => client.end());
  const rows = async (text: string, values: unknown[] = []) =>
    (await client.query(text, values)).rows;
  const insertTags = (...names: string[]) =>
    rows(
      `insert into tags (name, slug) select name, 'tag-' || n || '-' || md5(name)
       from unnest($1::text[]) with ordinality as t (name, n)`,
      [names],
    );
  return { url, rows, insertTags };
}

/** Returns the message with which the migration is refused. */
async function refusalOf(t: Test, url: string): Promise<string> {
  try {
    await migrateUp(url, upTo);
  } catch (error) {
    t.type(error, MigrationError);
    return error instanceof Error ? error.message : '';
  }
  t.fail('the migration is not refused');
  return '';
}

t.test('every preparation belongs to a migration', async (t) => {
  const names = new Set(migrations.map(({ name }) => name));
  t.same(
    Object.keys(preparations).filter((name) => !names.has(name)),
    [],
  );
  t.type(upTo.at(-1)?.prepare, 'function');
});

t.test('folds the names of existing rows as new ones, and changes nothing else', async (t) => {
  const { url, rows, insertTags } = await createEarlier(t);
  const odd = ['İstanbul', 'ΟΔΟΣ', 'Cafe\u0301', 'ẞ', 'ǅ', '\u212a', '标签', 'TAG'];
  // More than two batches, with gaps between the ids.
  await insertTags(...odd, ...Array.from({ length: 2500 }, (_, n) => `Tag ${n}`));
  await rows(`delete from tags where id % 7 = 3`);
  await rows(`insert into categories (name, slug) values ('ÉTÉ', 'ete'), ('Guides', 'guides')`);
  await rows(
    `insert into users (username, email) values ('Alice', 'İvy@bücher.example'),
       ('BOB', 'BOB@example.com'), ('carl', null), ('dora', 'ivy@example.com')`,
  );
  await rows(
    `insert into registrations (username, email, password_hash, expires_at)
     values ('Eve', 'E\u0301ve@example.com', 'x', now()), ('finn', 'finn@example.com', 'x', now())`,
  );
  const tables = ['users', 'registrations', 'categories', 'tags'];
  const all = async () => {
    const found = [];
    for (const table of tables) found.push(await rows(`select t.* from ${table} as t order by id`));
    return found;
  };
  const before = await all();

  t.same(await migrateUp(url, upTo), [NAME]);
  const after = await all();
  const problems = new Problems();
  for (const [index, table] of tables.entries()) {
    const unfolded = after[index]?.map(({ username_folded, email_folded, name_folded, ...row }) => {
      const id = `${table} ${row['id']}`;
      const { username, email, name } = row;
      if (username) problems.unless(username_folded === fold(username), `username of ${id}`);
      if (name) problems.unless(name_folded === fold(name), `name of ${id}`);
      if (email !== undefined) {
        const expected = email === null ? null : foldEmail(email);
        problems.unless(email_folded === expected, `email of ${id}`);
      }
      return row;
    });
    t.same(unfolded, before[index], `${table}: all other columns, versions among them`);
  }
  problems.assertNone(t, 'folded names');

  await rows(`update users set nickname = 'Al' where username = 'Alice'`);
  t.match(await rows(`select version from users where username = 'Alice'`), [{ version: 2 }]);
  t.same(await migrateDown(url, upTo), [NAME]);
  await t.rejects(rows(`insert into tags (name, slug) values ('tag', 'other')`), {
    message: /tags_name_key/,
  });
  t.same(await migrateUp(url, upTo), [NAME], 'again');
  t.same((await rows('select name_folded from tags order by id limit 3')).length, 3);
});

t.test('applies to empty tables', async (t) => {
  const { url, rows } = await createEarlier(t);
  t.same(await migrateUp(url, upTo), [NAME]);
  t.same(await rows('select from tags'), []);
});

t.test('stops at names that would be the same, and lists them', async (t) => {
  const { url, rows, insertTags } = await createEarlier(t);
  await insertTags(
    'caf\u00e9',
    'plain',
    'cafe\u0301',
    'ΟΔΟΣ',
    'οδος',
    'a\u0301\u001b[2J',
    'á\u001b[2J',
  );
  await rows(`insert into categories (name, slug) values ('a\u030a', 'a'), ('\u00e5', 'b')`);
  await rows(
    `insert into users (username, email) values ('ann', 'e\u0301@example.com'),
       ('bob', '\u00e9@example.com'), ('carl', null), ('dora', null)`,
  );
  await rows(
    `insert into registrations (username, email, password_hash, expires_at)
     values ('o\u0308z', 'one@example.com', 'x', now()), ('\u00f6z', 'one@example.com', 'x', now())`,
  );
  t.same((await refusalOf(t, url)).split('\n'), [
    `The migration ${NAME} failed and was rolled back: these names are the same if case and ` +
      'Unicode normalization are ignored, and must be unique.',
    '  users.email: id 1 "e\u0301@example.com" ("e\\u{301}@example.com"), ' +
      'id 2 "\u00e9@example.com" ("\\u{e9}@example.com")',
    '  registrations.username: id 1 "o\u0308z" ("o\\u{308}z"), id 2 "\u00f6z" ("\\u{f6}z")',
    '  categories.name: id 1 "a\u030a" ("a\\u{30a}"), id 2 "\u00e5" ("\\u{e5}")',
    '  tags.name: id 1 "caf\u00e9" ("caf\\u{e9}"), id 3 "cafe\u0301" ("cafe\\u{301}")',
    '  tags.name: id 4 "ΟΔΟΣ" ("\\u{39f}\\u{394}\\u{39f}\\u{3a3}"), ' +
      'id 5 "οδος" ("\\u{3bf}\\u{3b4}\\u{3bf}\\u{3c2}")',
    '  tags.name: id 6 "a\\u{301}\\u001b[2J", id 7 "\\u{e1}\\u001b[2J"',
    'Nothing was changed. Rename or delete all rows but one of each line with the previous ' +
      'version, then apply the migration again.',
  ]);
  t.match((await migrationStatus(url, upTo)).at(-1), { name: NAME, applied_at: null });
  t.same(
    await rows(`select from information_schema.columns where column_name like '%\\_folded'`),
    [],
  );
  t.equal((await rows('select from tags')).length, 7);

  await rows(`update users set email = null where id = 2`);
  await rows(`delete from registrations where id = 2`);
  await rows(`update categories set name = 'other' where id = 2`);
  await rows(`delete from tags where id in (3, 5, 7)`);
  t.same(await migrateUp(url, upTo), [NAME], 'applies once they are resolved');
});

t.test('lists a bounded number of them', async (t) => {
  const { url, insertTags } = await createEarlier(t);
  // The order of marks on different sides of a letter is no difference.
  const marks = ['\u0323', '\u0301', '\u0327', '\u0338'];
  const orders = marks.flatMap((one) =>
    marks.flatMap((two) =>
      marks.flatMap((three) =>
        marks
          .map((four) => [one, two, three, four])
          .filter((order) => new Set(order).size === 4)
          .map((order) => `q${order.join('')}`),
      ),
    ),
  );
  const pairs = Array.from({ length: 30 }, (_, n) => [`${n}\u00e9`, `${n}e\u0301`]);
  await insertTags(...orders, ...pairs.flat());
  const message = await refusalOf(t, url);
  const lines = message.split('\n').filter((line) => line.startsWith('  tags.name: '));
  t.equal(lines.length, 21);
  t.match(lines[0], /id 10 .*, and 14 more$/);
  t.notMatch(lines[0], 'id 11 ');
  t.equal(lines.at(-1), '  tags.name: and 11 more');
});
