import pg from 'pg';
import t from 'tap';
import { MAX_TOTAL } from '#schemas/paging.js';
import { createTestApp } from '#test/support/app.js';

const { databaseUrl, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'admin', role: 'admin' });
const connection = new pg.Client({ connectionString: databaseUrl });
await connection.connect();
t.teardown(() => connection.end());

const SIZE = 100;

async function readUsers(query: string) {
  const { json, headers } = await admin.get(`/api/v1/users?${query}`);
  const { link } = headers;
  const { total, pages, has_next, next_cursor, items } = json;
  const relations = [...String(link).matchAll(/rel="(\w+)"/g)].map(([, name]) => name);
  return { total, pages, has_next, count: items.length, next_cursor, relations };
}

t.test('counts a list of up to 10,000 items', async (t) => {
  await connection.query(
    `insert into users (username, username_folded)
     select 'user_' || n, 'user_' || n from generate_series(2, $1::integer) as n`,
    [MAX_TOTAL],
  );
  const first = await readUsers(`size=${SIZE}`);
  t.match(first, { total: MAX_TOTAL, pages: MAX_TOTAL / SIZE, has_next: true });
  t.same(first.relations, ['first', 'next', 'last']);
  const last = await readUsers(`size=${SIZE}&page=${MAX_TOTAL / SIZE}`);
  t.match(last, { total: MAX_TOTAL, has_next: false, count: SIZE, next_cursor: null });
});

t.test('does not count a longer list, and reads it to its end', async (t) => {
  await connection.query(
    "insert into users (username, username_folded) values ('another', 'another')",
  );
  const first = await readUsers(`size=${SIZE}`);
  t.match(first, { total: null, pages: null, has_next: true, count: SIZE });
  t.same(first.relations, ['first', 'next'], 'links to no last page');
  const [before, last, after] = await Promise.all(
    [0, 1, 2].map((more) => readUsers(`size=${SIZE}&page=${MAX_TOTAL / SIZE + more}`)),
  );
  t.match(before, { total: null, has_next: true, count: SIZE, next_cursor: String });
  t.match(last, { total: null, has_next: false, count: 1, next_cursor: null });
  t.match(after, { total: null, has_next: false, count: 0 });
  const beyond = await readUsers(`size=${SIZE}&cursor=${before?.next_cursor}`);
  t.match(beyond, { total: null, pages: null, has_next: false, count: 1 });
});
