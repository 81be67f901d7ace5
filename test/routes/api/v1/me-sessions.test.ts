import t from 'tap';
import { SESSION_COOKIE } from '#plugins/sessions.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { keyOf, tokenOf } from '#test/support/credentials.js';
import { recordStatements } from '#test/support/statements.js';

const URL = '/api/v1/me/sessions';
const ME = '/api/v1/me';
const MINUTE = 60 * 1000;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0';

const testApp = await createTestApp(t);
const { app, client, clock, createUser, signedIn } = testApp;

type Item = { id: number; current: boolean };
const list = async (who: Client, query = ''): Promise<Item[]> =>
  (await who.get(`${URL}${query}`)).json.items;
const currentOf = async (who: Client): Promise<number> =>
  (await list(who)).find(({ current }) => current)?.id ?? 0;
const alsoAs = async (username: string): Promise<Client> => {
  const another = client();
  await another.signIn(username, PASSWORD);
  return another;
};
const audit = async (actorId: number) =>
  (
    await app.pg.query(
      `select action, resource, resource_id, after from audit_log
       where actor_id = $1 and action like 'session.end%' order by id`,
      [actorId],
    )
  ).rows;

t.test('lists sessions, last used first', async (t) => {
  const begun = clock.read().toISOString();
  const { id: userId } = await createUser({ username: 'alice' });
  const browser = client();
  const agent = { 'user-agent': FIREFOX };
  const login = { username: 'alice', password: PASSWORD, remember: true };
  await browser.post('/api/v1/auth/login', login, agent);
  clock.advance(MINUTE);
  const token = await tokenOf(testApp, userId);
  clock.advance(MINUTE);
  await signedIn({ username: 'somebody_else' });

  const { json } = await browser.get(URL, agent);
  t.match(json, { total: 2, page: 1, pages: 1, has_next: false, next_cursor: null });
  const [api, own] = json.items;
  t.match(api, {
    kind: 'token',
    user_agent: 'test/1.0',
    browser: null,
    platform: null,
    current: false,
  });
  t.match(own, {
    kind: 'cookie',
    created_at: begun,
    last_seen_at: begun,
    expires_at: new Date(Date.parse(begun) + 30 * 24 * 60 * MINUTE).toISOString(),
    address: '127.0.0.1',
    user_agent: FIREFOX,
    browser: 'firefox',
    platform: 'linux',
    remember: true,
    current: true,
  });
  t.notMatch(JSON.stringify(json), /hash/);

  const [first] = (await browser.get(URL, agent)).json.items;
  t.equal(first.id, own.id, "the request made the browser's session the last used");
  const seen = (await client().get(URL, token)).json.items;
  t.match(seen.find(({ id }: Item) => id === api.id).current, true, 'includes token sessions');
});

t.test('supports paging, sort orders and cursors', async (t) => {
  const bob = await signedIn({ username: 'bob' });
  for (let index = 0; index < 4; index += 1) {
    clock.advance(1000);
    await alsoAs('bob');
  }
  const all = (await list(bob, '?sort=id')).map(({ id }) => id);
  t.equal(all.length, 5);
  for (const sort of ['id', '-id', 'created_at', '-created_at', 'last_seen_at', '-last_seen_at']) {
    const walked: number[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const url: string = `${URL}?sort=${sort}&size=2&cursor=${cursor}`;
      const { json } = await bob.get(url);
      walked.push(...json.items.map(({ id }: Item) => id));
      cursor = json.next_cursor;
    }
    t.same(walked, sort.startsWith('-') ? all.toReversed() : all, sort);
  }
  const { json, headers } = await bob.get(`${URL}?size=2&page=2`);
  t.match(json, { total: 5, pages: 3, has_next: true, has_prev: true });
  t.match(headers['link'], /page=3>; rel="next"/);
  for (const query of ['sort=address', 'size=101', 'cursor=x', 'sort=id&cursor=W10']) {
    t.equal((await bob.get(`${URL}?${query}`)).status, 422, query);
  }
});

t.test('takes two statements besides reading the session, and one by cursor', async (t) => {
  const cleo = await signedIn({ username: 'cleo' });
  for (let index = 0; index < 3; index += 1) await alsoAs('cleo');
  const cookie = await recordStatements(() => cleo.get('/api/v1/auth/session'));
  const byNumber = await recordStatements(() => cleo.get(`${URL}?size=100`));
  t.equal(byNumber.length - cookie.length, 2);
  const byCursor = await recordStatements(() => cleo.get(`${URL}?size=100&cursor=`));
  t.equal(byCursor.length - cookie.length, 1);
});

t.test('does not list or end expired sessions', async (t) => {
  const dana = await signedIn({ username: 'dana' });
  const id = await currentOf(dana);
  clock.advance(31 * MINUTE);
  const later = await alsoAs('dana');
  t.equal((await list(later)).length, 1);
  t.equal((await later.get(URL)).json.total, 1);
  t.equal((await later.delete(`${URL}/${id}`)).status, 404);
  t.same((await later.delete(URL)).json, { ended: 0 });
});

t.test('ends a session of another client at once', async (t) => {
  const erin = await signedIn({ username: 'erin' });
  const thief = await alsoAs('erin');
  const id = await currentOf(thief);
  t.equal((await erin.delete(`${URL}/${id}`)).status, 204);
  t.equal((await thief.get(ME)).status, 401);
  t.equal((await thief.patch(ME, { bio: 'x' })).status, 401);
  t.match([(await erin.get(ME)).status, (await list(erin)).length], [200, 1]);
  t.equal((await erin.delete(`${URL}/${id}`)).status, 404, 'only once');

  const { id: userId } = (await erin.get(ME)).json;
  const token = await tokenOf(testApp, userId);
  const [family] = (await list(erin)).filter(({ current }) => !current);
  t.equal((await erin.delete(`${URL}/${family?.id}`)).status, 204);
  t.equal((await client().get(ME, token)).status, 401, 'also a token session');
  t.same(await audit(userId), [
    { action: 'session.end', resource: 'session', resource_id: String(id), after: null },
    { action: 'session.end', resource: 'session', resource_id: String(family?.id), after: null },
  ]);
});

t.test('hides sessions of others', async (t) => {
  const fred = await signedIn({ username: 'fred' });
  const boss = await signedIn({ username: 'boss', role: 'admin' });
  const id = await currentOf(fred);
  t.equal((await boss.delete(`${URL}/${id}`)).status, 404, 'also from administrators');
  t.equal((await fred.get(ME)).status, 200);
  t.notOk((await list(boss)).some((item) => item.id === id));
  for (const bad of ['0', 'x', '99999999999']) {
    t.equal((await fred.delete(`${URL}/${bad}`)).status, 422, bad);
  }
});

t.test('signs out by ending the current session', async (t) => {
  const gus = await signedIn({ username: 'gus' });
  const id = await currentOf(gus);
  clock.advance(2 * MINUTE);
  t.equal((await gus.delete(`${URL}/${id}`)).status, 204);
  t.equal(gus.cookie(SESSION_COOKIE), undefined);
  t.equal((await gus.get(ME)).status, 401);
});

t.test('ends all other sessions', async (t) => {
  const hana = await signedIn({ username: 'hana' });
  const { id: userId } = (await hana.get(ME)).json;
  const others = [await alsoAs('hana'), await alsoAs('hana')];
  const token = await tokenOf(testApp, userId);
  const neighbour = await signedIn({ username: 'neighbour' });
  t.same((await hana.delete(URL)).json, { ended: 3 });
  for (const other of others) t.equal((await other.get(ME)).status, 401);
  t.equal((await client().get(ME, token)).status, 401);
  t.equal((await hana.get(ME)).status, 200);
  t.equal((await neighbour.get(ME)).status, 200);
  t.same((await hana.delete(URL)).json, { ended: 0 });
  const current = String(await currentOf(hana));
  t.same(
    await audit(userId),
    [3, 0].map((ended) => ({
      action: 'session.end_others',
      resource: 'session',
      resource_id: current,
      after: { ended },
    })),
  );
});

t.test('requires a session, and rejects API keys', async (t) => {
  const { id } = await createUser({ username: 'ines' });
  const key = await keyOf(testApp, id, ['me:read', 'me:write']);
  for (const [method, url] of [
    ['GET', URL],
    ['DELETE', URL],
    ['DELETE', `${URL}/1`],
  ] as const) {
    t.equal((await client().request({ method, url })).status, 401);
    const reply = await client().request({ method, url, headers: key });
    t.match([reply.status, reply.json.code], [403, 'key_not_allowed']);
  }
  const jo = await signedIn({ username: 'jo' });
  jo.dropCsrfToken();
  t.match((await jo.delete(URL)).json, { code: 'csrf_failed' });
});
