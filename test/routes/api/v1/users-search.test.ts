import t from 'tap';
import { insertUser, insertUsers } from '#src/people/stores/user-changes.js';
import { createTestApp } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { examinedRows } from '#test/support/examined-rows.js';
import { recordCalls } from '#test/support/statements.js';

const URL = '/api/v1/users';
const USERS = 20_000;

const { app, client, databaseUrl, signedIn } = await createTestApp(t);
const anyone = client();
const admin = await signedIn({ username: 'admin', role: 'admin' });

// Every username has the letters of "person"; one in a hundred nicknames is Chinese.
await app.pg.query(
  `insert into users (username, username_folded, nickname, searched_nickname, email, email_folded)
   select username, username, nickname, nickname, email, email
   from generate_series(1, ${USERS}) as n,
     lateral (select 'person_' || n as username,
       case n % 100 when 0 then '小明' || n else substr(md5(n::text), 1, 8) end as nickname,
       substr(md5('e' || n), 1, 10) || '@example.com' as email) as person`,
);
await insertUser(app.db, { username: 'zyx', nickname: 'Q!@ U\u0308nïcode' });
await insertUsers(app.db, [{ username: 'ZY_x', nickname: '100%', email: 'Zyx@bücher.example' }]);
await app.pg.query('vacuum analyze users');

/** Returns the largest number of rows that a node of a statement examined. */
async function examine(query: string, who: Client = anyone) {
  const calls = await recordCalls(async () => {
    const { status } = await who.get(`${URL}?${query}`);
    if (status !== 200) throw new Error(`${query} was answered ${status}`);
  });
  const searches = calls.filter(({ text }) => text.includes('text_grams'));
  return examinedRows(databaseUrl, searches);
}

t.test('examines few users, however many there are', { timeout: 120_000 }, async (t) => {
  // None of these may look at all users, although some match all of them.
  const queries = [
    'q=zyx',
    'q=zy',
    'q=%E9%BE%98',
    'q=%E5%B0%8F%E6%98%8E12',
    'q=son_19999',
    'q=nobodyhasthis',
    'q=p',
    'q=person',
    'q=PERSON_1&sort=-created_at',
    'q=e&sort=-username',
    'q=%E6%98%8E&sort=username',
  ];
  for (const query of queries) {
    const rows = await examine(query);
    t.ok(rows <= 5000, `${query}: ${rows} rows`);
    const byAdmin = await examine(query, admin);
    t.ok(byAdmin <= 5000, `${query} for an administrator: ${byAdmin} rows`);
  }
});

t.test('finds the same as before: any part of a name, ignoring case', async (t) => {
  const names = async (q: string, who: Client = anyone) =>
    (await who.get(`${URL}?q=${encodeURIComponent(q)}`)).json.items.map(
      ({ username }: { username: string }) => username,
    );
  t.same(await names('ZYX'), ['zyx']);
  t.same(await names('zy'), ['zyx', 'ZY_x']);
  t.same(await names('y_'), ['ZY_x']);
  t.same(await names('%'), ['ZY_x']);
  t.same(await names('!@ Ü'), ['zyx']);
  t.same(await names('ünïc'), ['zyx']);
  t.same(await names('明20000'), ['person_20000']);
  t.same(await names('U\u0308NÏ'), ['zyx'], 'composed or not');
  t.same(await names('!@ \u00dc'), ['zyx']);
  for (const email of ['zyx@BU\u0308CHER', 'ZYX@xn--bcher-kva.example', '@b\u00fccher.exam']) {
    t.same(await names(email, admin), ['ZY_x'], email);
  }
  t.same(await names('x\nQ'), [], 'not across two fields');
  t.same(await names('x\nq'), []);
  t.same(await names('zyxQ'), []);
  const { email } = (await admin.get(`${URL}?q=person_77&sort=username`)).json.items[0];
  t.equal((await names(email, admin)).length, 1);
  t.same(await names(email), []);
});

t.test('finds the nickname that a user has now', async (t) => {
  const { id } = (await admin.post(URL, { username: 'renamed', nickname: 'Wombat' })).json;
  const total = async (q: string) => (await anyone.get(`${URL}?q=${q}`)).json.total;
  t.equal(await total('wOMBAT'), 1);
  t.equal((await admin.patch(`${URL}/${id}`, { nickname: 'Dingo' })).status, 200);
  t.same([await total('WOMBAT'), await total('DINGO')], [0, 1]);
  t.equal((await admin.put(`${URL}/${id}`, { username: 'renamed' })).status, 200);
  t.same([await total('DINGO'), await total('RENAMED')], [0, 1]);
  const bulk = [{ username: 'bulk_1', nickname: 'Quoll' }, { username: 'bulk_2' }];
  t.equal((await admin.post(`${URL}/bulk`, bulk)).status, 201);
  t.equal(await total('QUOLL'), 1);
  for (const each of ['renamed', 'bulk_1', 'bulk_2']) {
    await app.pg.query('delete from users where username = $1', [each]);
  }
});

t.test('counts a thousand, and pages by number end there', async (t) => {
  const { json: first } = await anyone.get(`${URL}?q=person&size=100&sort=username`);
  t.match(first, { total: 1000, pages: 10, has_next: true });
  const { json: last } = await anyone.get(`${URL}?q=person&size=100&page=10&sort=username`);
  t.match(last, { total: 1000, page: 10, has_next: false });
  t.equal(last.items.length, 100);
  t.type(last.next_cursor, 'string', 'a cursor leads on');
  const beyond = await recordCalls(async () => {
    const { json } = await anyone.get(`${URL}?q=person&size=100&page=11&sort=username`);
    t.match(json, { items: [], total: 1000, has_next: false, has_prev: true, next_cursor: null });
  });
  t.equal(beyond.filter(({ text }) => text.includes('text_grams')).length, 1, 'only counts');

  const { json: next } = await anyone.get(
    `${URL}?q=person&size=100&sort=username&cursor=${last.next_cursor}`,
  );
  t.equal(next.items.length, 100);
  t.ok(next.items[0].username > last.items.at(-1).username);
  const all = (await anyone.get(`${URL}?size=1`)).json;
  t.match(all, { total: null, has_next: true }, 'counts 10,000 without a text');

  const { json: odd } = await anyone.get(`${URL}?q=person&size=30&page=34&sort=username`);
  t.equal(odd.items.length, 10, 'the last page is not longer than the count');
  t.match(odd, { total: 1000, pages: 34, has_next: false });
});
