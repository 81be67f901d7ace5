import { hash } from '@node-rs/argon2';
import t from 'tap';
import { PASSWORD_COST } from '#src/lib/password-cost.js';
import { needsRehash } from '#src/people/lib/passwords.js';
import { MAX_WAITING } from '#src/people/services/passwords.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { recordStatements } from '#test/support/statements.js';

const LIMITS = { LOGIN_ATTEMPTS: 5, LOGIN_ATTEMPTS_PER_ADDRESS: 50 };
const SECOND = 1000;
/** More concurrent attempts than may be checked or wait. */
const FLOOD = 150;

/** An app whose limits are those of production, and a login from any address. */
async function createGuarded(
  t: Parameters<typeof createTestApp>[0],
  settings = LIMITS,
  dependencies = {},
) {
  const test = await createTestApp(t, settings, dependencies);
  const login = (username: string, password = 'wrong', remoteAddress = '192.0.2.1') =>
    test.client().request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username, password },
      remoteAddress,
    });
  const use = async (times: number, username: string, remoteAddress?: string) => {
    const statuses = [];
    for (let count = 0; count < times; count += 1) {
      statuses.push((await login(username, 'wrong', remoteAddress)).status);
    }
    return statuses;
  };
  return { ...test, login, use };
}

t.test('lets only the free attempts of a concurrent burst through', async (t) => {
  const { login, createUser, app } = await createGuarded(t);
  await createUser({ username: 'alice' });
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, index) => login('alice', 'wrong', `192.0.2.${index}`)),
  );
  const statuses = replies.map(({ status }) => status);
  t.equal(statuses.filter((status) => status === 401).length, 5);
  t.equal(statuses.filter((status) => status === 429).length, 45);
  const { rows } = await app.pg.query('select max(failures)::int as most from throttles');
  t.equal(rows[0].most, 5, 'rejected attempts are not counted');
});

t.test('sends the delay as Retry-After, and accepts attempts after it', async (t) => {
  const { login, use, createUser, clock } = await createGuarded(t);
  await createUser({ username: 'alice' });
  t.same(await use(5, 'alice'), [401, 401, 401, 401, 401]);
  for (const wait of [1, 2, 4, 8]) {
    const refused = await login('alice', PASSWORD);
    t.equal(refused.status, 429, 'does not check the right password either');
    t.equal(refused.json.code, 'too_many_attempts');
    t.equal(refused.headers['retry-after'], String(wait));
    clock.advance(wait * SECOND - 1);
    const almost = await login('alice');
    t.equal(almost.status, 429);
    t.equal(almost.headers['retry-after'], '1');
    clock.advance(1);
    t.equal((await login('alice')).status, 401);
  }
  clock.advance(16 * SECOND);
  t.equal((await login('alice', PASSWORD)).status, 200);
  t.same(await use(6, 'alice'), [401, 401, 401, 401, 401, 429], 'a success resets the count');
});

t.test('throttles known, inactive and unknown users alike', async (t) => {
  const { login, createUser, app, clock } = await createGuarded(t);
  await createUser({ username: 'known' });
  await createUser({ username: 'asleep', is_active: false });
  await insertUser(app.db, { username: 'no_password' });
  const names = ['known', 'asleep', 'no_password', 'unknown', 'unknown@example.com'];
  const courses = [];
  const statements = [];
  for (const name of names) {
    const course: unknown[] = [];
    const seen = await recordStatements(async () => {
      for (let count = 0; count < 7; count += 1) {
        const { status, text, headers } = await login(name, 'wrong', '198.51.100.1');
        course.push([status, text, headers['retry-after']]);
        clock.advance(SECOND / 2);
      }
    });
    courses.push(JSON.stringify(course));
    statements.push(seen.join('\n'));
  }
  t.equal(new Set(courses).size, 1);
  t.match(courses[0], 'too_many_attempts');
  t.equal(new Set(statements).size, 1, 'with the same statements');
  t.equal((await login('UNKNOWN')).status, 401, 'the delay has passed');
  t.equal((await login('unknown')).status, 429, 'usernames are case-insensitive');
});

t.test('does not reveal by a delay which email address belongs to which username', async (t) => {
  const { use, login, createUser } = await createGuarded(t);
  await createUser({ username: 'alice', email: 'alice@example.com' });
  t.equal((await use(6, 'alice@example.com')).at(-1), 429);
  t.equal((await login('alice', PASSWORD, '203.0.113.9')).status, 200);
  t.equal((await login('ALICE@example.com', PASSWORD, '203.0.113.9')).status, 429, 'anywhere');
});

t.test('throttles one network that tries many usernames, but not others', async (t) => {
  const { login, use, createUser, clock } = await createGuarded(t, {
    LOGIN_ATTEMPTS: 1000,
    LOGIN_ATTEMPTS_PER_ADDRESS: 3,
  });
  await createUser({ username: 'alice' });
  t.same(await use(2, 'name_1', '2001:db8::1'), [401, 401]);
  t.equal((await login('alice', PASSWORD, '2001:db8::2')).status, 200);
  t.equal(
    (await login('name_2', 'wrong', '2001:db8::3')).status,
    401,
    'a success does not reset the count',
  );
  const refused = await login('alice', PASSWORD, '2001:db8::4');
  t.equal(refused.status, 429, 'counts the whole network');
  t.equal(refused.headers['retry-after'], '1');
  t.equal((await login('alice', PASSWORD, '2001:db8:0:1::1')).status, 200);
  clock.advance(SECOND);
  t.equal((await login('alice', PASSWORD, '2001:db8::4')).status, 200);
});

t.test('rejects a throttled attempt without checking the password', async (t) => {
  const { login, createUser } = await createGuarded(t, LIMITS, { passwordCost: PASSWORD_COST });
  await createUser({ username: 'alice' });
  const timed = async () => {
    const begin = performance.now();
    const { status } = await login('alice');
    return { status, milliseconds: performance.now() - begin };
  };
  const results: Awaited<ReturnType<typeof timed>>[] = [];
  for (let count = 0; count < 25; count += 1) results.push(await timed());
  const least = (wanted: number) =>
    Math.min(...results.filter(({ status }) => status === wanted).map((each) => each.milliseconds));
  t.ok(least(429) < least(401) / 2, `${least(429).toFixed(1)} ms, not ${least(401).toFixed(1)} ms`);
});

t.test('shares counts between login and token, and between password confirmations', async (t) => {
  const { login, use, signedIn, clock, client } = await createGuarded(t);
  const alice = await signedIn({ username: 'alice', email: 'alice@example.com' });
  const change = (current_password: string) =>
    alice.post('/api/v1/auth/change-password', {
      current_password,
      new_password: 'Battery-Staple-8',
      confirm_password: 'Battery-Staple-8',
    });
  const grant = (password: string) =>
    client().postForm('/api/v1/auth/token', { username: 'alice', password });
  t.same(await use(4, 'alice'), [401, 401, 401, 401]);
  t.equal((await grant('wrong')).status, 401);
  for (const reply of [await login('alice', PASSWORD), await grant(PASSWORD)]) {
    t.match(reply, { status: 429, json: { code: 'too_many_attempts' } });
  }

  t.equal((await change('wrong')).status, 422, 'attempts of others do not block the user');
  const email = { email: 'b@example.com', password: 'wrong' };
  for (let count = 0; count < 3; count += 1) {
    t.equal((await alice.post('/api/v1/me/email', email)).status, 422);
  }
  const remove = { method: 'DELETE', url: '/api/v1/me', payload: { password: 'wrong' } };
  t.equal((await alice.request(remove)).status, 422);
  t.match(await change(PASSWORD), { status: 429, headers: { 'retry-after': '1' } });
  clock.advance(SECOND);
  t.equal((await change(PASSWORD)).status, 200);
});

t.test('stores neither username nor IP address', async (t) => {
  const { login, app } = await createGuarded(t);
  await login('somebody@example.com');
  const { rows } = await app.pg.query('select key_hash from throttles');
  t.equal(rows.length, 2);
  for (const { key_hash } of rows) t.equal(key_hash.length, 32);
});

t.test('rehashes an older password hash on login', async (t) => {
  const { login, app } = await createGuarded(t);
  const old = await hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
  await insertUser(app.db, { username: 'alice', password_hash: old });
  const stored = async () =>
    String((await app.pg.query('select password_hash as hash from users')).rows[0].hash);
  t.equal((await login('alice')).status, 401);
  t.equal(await stored(), old, 'not with a wrong password');
  t.equal((await login('alice', PASSWORD)).status, 200);
  const renewed = await stored();
  t.notOk(needsRehash(renewed, app.passwordCost));
  t.equal((await login('alice', PASSWORD)).status, 200);
  t.equal((await login('alice')).status, 401);
  t.equal(await stored(), renewed, 'once');
});

t.test('accepts a login whose password cannot be rehashed', async (t) => {
  const { login, app } = await createGuarded(t);
  const old = await hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
  await insertUser(app.db, { username: 'alice', password_hash: old });
  await app.pg.query(`
    create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no'; end $$;
    create trigger refuse before update of password_hash on users
      for each row execute function refuse()`);
  t.equal((await login('alice', PASSWORD)).status, 200);
});

t.test('answers 503 to logins beyond the queue', async (t) => {
  const { client } = await createTestApp(t, {}, { passwordCost: PASSWORD_COST });
  const replies = await Promise.all(
    Array.from({ length: FLOOD }, (_, index) =>
      // Requests of one network wait for each other before they are in the queue.
      client().request({
        method: 'POST',
        url: '/api/v1/auth/login',
        remoteAddress: `10.0.0.${index}`,
        payload: { username: `name_${index}`, password: 'wrong' },
      }),
    ),
  );
  const busy = replies.filter(({ status }) => status === 503);
  t.ok(busy.length > 0 && busy.length < FLOOD - MAX_WAITING, `${busy.length} were rejected`);
  t.equal(replies.filter(({ status }) => status === 401).length, FLOOD - busy.length);
  for (const { json, headers } of busy) {
    t.equal(json.code, 'too_busy');
    t.match(headers, { 'retry-after': /^\d+$/ });
  }
});
