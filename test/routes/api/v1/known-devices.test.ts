import t, { type Test } from 'tap';
import { MAX_DEVICES } from '#src/people/services/devices.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import type { Client } from '#test/support/client.js';
import { tokenOf } from '#test/support/credentials.js';
import { lastToken } from '#test/support/mails.js';

const LIMITS = { LOGIN_ATTEMPTS: 5, LOGIN_ATTEMPTS_PER_ADDRESS: 20 };
const DEVICE = 'althing_device';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const HOME = '192.0.2.1';
const NEW = 'Battery-Staple-8';

/** An app with the limits of production, alice, and strangers who guess her password. */
async function createGuarded(t: Test) {
  const test = await createTestApp(t, LIMITS);
  const { id } = await test.createUser({ username: 'alice', email: 'alice@example.com' });
  const signIn = async (who: Client, password = PASSWORD, username = 'alice', from = HOME) =>
    who.request({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username, password },
      remoteAddress: from,
    });
  /** Uses up the attempts for the account, and those of a network. */
  const guess = async (username = 'alice', from = '203.0.113.9') => {
    let status = 0;
    for (let count = 0; status !== 429; count += 1) {
      if (count > 50) throw new Error('strangers are not limited');
      ({ status } = await signIn(test.client(), 'wrong', username, from));
    }
  };
  const devices = async (): Promise<number> =>
    (await test.app.pg.query('select count(*)::int as n from devices')).rows[0].n;
  return { ...test, id, signIn, guess, devices };
}

/** A browser that knows alice by its device cookie only. */
async function knownBrowser({ client, signIn }: Awaited<ReturnType<typeof createGuarded>>) {
  const signedIn = client();
  await signIn(signedIn);
  const browser = client();
  browser.setCookie(DEVICE, String(signedIn.cookie(DEVICE)));
  return browser;
}

t.test('signs in from a known browser, however much others guess', async (t) => {
  const test = await createGuarded(t);
  const browser = await knownBrowser(test);
  await test.guess();
  t.equal((await test.signIn(test.client())).status, 429, 'a stranger with the right password');
  t.equal((await test.signIn(browser, PASSWORD, 'alice@example.com')).status, 200);
  t.equal((await test.signIn(test.client())).status, 429, 'a success does not free strangers');

  for (let other = 0; other < 5; other += 1) await test.guess(`other_${other}`, HOME);
  t.equal((await test.signIn(test.client(), PASSWORD, 'nobody')).status, 429);
  t.equal((await test.signIn(browser)).status, 200, 'nor from the same network');
});

t.test('bounds the guesses from a known browser', async (t) => {
  const test = await createGuarded(t);
  const browser = await knownBrowser(test);
  const statuses = [];
  for (let count = 0; count < 6; count += 1) {
    statuses.push((await test.signIn(browser, 'wrong')).status);
  }
  t.same(statuses, [401, 401, 401, 401, 401, 429]);
  t.match(await test.signIn(browser), { status: 429, headers: { 'retry-after': '1' } });
  t.equal((await test.signIn(test.client())).status, 200, 'the account itself is not delayed');
  test.clock.advance(SECOND);
  t.equal((await test.signIn(browser)).status, 200);
});

t.test('knows a browser by its session, too', async (t) => {
  const test = await createGuarded(t);
  const browser = test.client();
  await test.signIn(browser);
  await browser.renewCsrfToken();
  const cookie = browser.cookie('althing_session');
  const other = test.client();
  other.setCookie('althing_session', String(cookie));
  await test.guess();
  const change = { new_password: NEW, confirm_password: NEW };
  const password = { current_password: PASSWORD };
  t.equal(
    (await browser.post('/api/v1/auth/change-password', { ...password, ...change })).status,
    200,
  );
  const key = { name: 'x', scopes: ['me:read'], current_password: NEW };
  t.equal((await browser.post('/api/v1/me/api-keys', key)).status, 201);
  t.equal((await test.signIn(other, NEW)).status, 200, 'without the device cookie');
});

t.test('counts password checks per session', async (t) => {
  const test = await createGuarded(t);
  const [thief, owner] = [test.client(), test.client()];
  for (const who of [thief, owner]) {
    await test.signIn(who);
    await who.renewCsrfToken();
  }
  const check = async (who: Client, password: string) =>
    (await who.post('/api/v1/me/email', { email: 'b@example.com', password })).status;
  const statuses = [];
  for (let count = 0; count < 6; count += 1) statuses.push(await check(thief, 'wrong'));
  t.same(statuses, [422, 422, 422, 422, 422, 429]);
  t.equal(await check(owner, PASSWORD), 202);
  for (let other = 0; other < 5; other += 1) await test.guess(`other_${other}`, '127.0.0.1');
  t.equal(await check(owner, PASSWORD), 202, 'nor do others in the same network delay the owner');
});

t.test('helps nobody with another account, and reveals none', async (t) => {
  const test = await createGuarded(t);
  const browser = await knownBrowser(test);
  await test.createUser({ username: 'bob' });
  const courses = [];
  for (const username of ['bob', 'nobody', 'nobody@example.com']) {
    const course = [];
    for (let count = 0; count < 7; count += 1) {
      const { status, text, headers } = await test.signIn(browser, 'wrong', username, username);
      course.push([status, text, headers['retry-after'], headers['set-cookie']]);
    }
    t.equal(course.at(-1)?.[0], 429, username);
    courses.push(JSON.stringify(course));
  }
  t.equal(new Set(courses).size, 1, 'the same for a known and an unknown account');
  t.equal((await test.signIn(test.client(), PASSWORD, 'bob')).status, 429, 'counts as a stranger');
  t.equal((await test.signIn(browser)).status, 200);

  const shared = test.client();
  shared.setCookie(DEVICE, String(browser.cookie(DEVICE)));
  test.clock.advance(MINUTE);
  t.equal((await test.signIn(shared, PASSWORD, 'bob')).status, 200);
  t.not(shared.cookie(DEVICE), browser.cookie(DEVICE), 'a secret is never shared by accounts');
});

t.test('accepts no forged cookie', async (t) => {
  const test = await createGuarded(t);
  const browser = await knownBrowser(test);
  const cookie = String(browser.cookie(DEVICE));
  const [secret = '', signature = ''] = cookie.split('.');
  await test.guess();
  const signedIn = test.client();
  await test.signIn(signedIn, PASSWORD, 'alice', HOME);
  for (const forged of [
    secret,
    `${secret}.`,
    `${secret}x.${signature}`,
    `.${signature}`,
    'x'.repeat(4000),
    '%FF',
    test.app.signCookie('x'),
    test.app.signCookie(''),
    test.app.signCookie('1'),
  ]) {
    const stranger = test.client();
    stranger.setCookie(DEVICE, forged);
    t.equal((await test.signIn(stranger)).status, 429, forged.slice(0, 40));
  }
  t.equal((await test.signIn(browser)).status, 200);
});

t.test('hides the cookie from scripts, and stores only a hash', async (t) => {
  const test = await createGuarded(t);
  const browser = test.client();
  const { headers } = await test.signIn(browser);
  const cookie = [headers['set-cookie']].flat().find((each) => String(each).startsWith(DEVICE));
  t.match(cookie, /; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/);
  const [secret = ''] = String(browser.cookie(DEVICE)).split('.');
  t.match(secret, /^[\w-]{43}$/);
  const { rows } = await test.app.pg.query('select d::text as text, secret_hash from devices d');
  t.equal(rows.length, 1);
  t.equal(rows[0].secret_hash.length, 32);
  t.notOk(rows[0].text.includes(secret));
  t.equal((await test.signIn(test.client(), 'wrong')).headers['set-cookie'], undefined);

  const proxied = await createTestApp(t, { TRUST_PROXY: '1' });
  await proxied.createUser({ username: 'alice' });
  const login = { username: 'alice', password: PASSWORD };
  const tls = { 'x-forwarded-proto': 'https' };
  const secure = await proxied.client().post('/api/v1/auth/login', login, tls);
  for (const each of [secure.headers['set-cookie']].flat()) t.match(each, /Secure/);
});

t.test('forgets devices after a reset of the password', async (t) => {
  const test = await createGuarded(t);
  const known = await knownBrowser(test);
  await test.guess();
  t.equal((await test.signIn(known)).status, 200);

  await test.client().post('/api/v1/auth/forgot-password', { email: 'alice@example.com' });
  const token = await lastToken(test);
  const resetting = test.client();
  const reset = { token, new_password: NEW, confirm_password: NEW };
  t.equal((await resetting.post('/api/v1/auth/reset-password', reset)).status, 200);
  const stale = test.client();
  stale.setCookie(DEVICE, String(known.cookie(DEVICE)));
  t.equal((await test.signIn(stale, NEW)).status, 429, 'after a reset');
  t.equal((await test.signIn(resetting, NEW)).status, 200, 'except the browser that has reset it');
  t.equal(await test.devices(), 1);
});

t.test('forgets devices after a change of the password, except that of the client', async (t) => {
  const test = await createGuarded(t);
  const known = await knownBrowser(test);
  const changing = test.client();
  await test.signIn(changing);
  await changing.renewCsrfToken();
  const passwords = { new_password: NEW, confirm_password: NEW };
  await changing.post('/api/v1/auth/change-password', {
    current_password: PASSWORD,
    ...passwords,
  });
  t.equal(await test.devices(), 1);
  await test.guess();
  t.equal((await test.signIn(known, NEW)).status, 429, 'another browser');
  const same = test.client();
  same.setCookie(DEVICE, String(changing.cookie(DEVICE)));
  t.equal((await test.signIn(same, NEW)).status, 200, 'the browser that has changed it');

  const token = test.client().withHeaders(await tokenOf(test, test.id));
  const back = { current_password: NEW, new_password: PASSWORD, confirm_password: PASSWORD };
  t.equal((await token.post('/api/v1/auth/change-password', back)).status, 200);
  t.equal(await test.devices(), 0, 'a client without a device of its own');
});

t.test('a change of the password leaves the devices of others', async (t) => {
  const test = await createGuarded(t);
  const { id } = await test.createUser({ username: 'bob' });
  const bob = test.client();
  await test.signIn(bob, PASSWORD, 'bob');
  const browser = await knownBrowser(test);
  await bob.renewCsrfToken();
  bob.setCookie(DEVICE, String(browser.cookie(DEVICE)));
  const change = { current_password: PASSWORD, new_password: NEW, confirm_password: NEW };
  t.equal((await bob.post('/api/v1/auth/change-password', change)).status, 200);
  const { rows } = await test.app.pg.query('select user_id from devices');
  t.same(rows, [{ user_id: test.id }], `none of user ${id}, whose cookie is another's`);
});

t.test('knows a limited number of devices, and keeps those that come back', async (t) => {
  const test = await createGuarded(t);
  const browser = await knownBrowser(test);
  test.clock.advance(MINUTE);
  t.equal((await test.signIn(browser)).status, 200);
  const cookie = browser.cookie(DEVICE);
  const script = await knownBrowser(test);
  for (let count = 0; count < MAX_DEVICES + 5; count += 1) {
    test.clock.advance(MINUTE);
    await test.signIn(test.client());
  }
  t.equal(await test.devices(), MAX_DEVICES);
  const last = await knownBrowser(test);
  await test.guess();
  t.equal((await test.signIn(browser)).status, 200, 'a browser that has come back');
  t.equal(browser.cookie(DEVICE), cookie);
  t.equal((await test.signIn(last)).status, 200, 'the newest one');
  t.equal((await test.signIn(script)).status, 429, 'not one that was used once, long ago');
});

t.test('forgets a device after a year', async (t) => {
  const test = await createGuarded(t);
  const browser = await knownBrowser(test);
  test.clock.advance(365 * DAY - MINUTE);
  await test.guess();
  t.equal((await test.signIn(browser)).status, 200);
  test.clock.advance(365 * DAY);
  await test.guess();
  t.equal((await test.signIn(browser)).status, 429);
});

t.test('knows a client that uses tokens by its device token', async (t) => {
  const test = await createGuarded(t);
  const grant = (more: Record<string, string> = {}) =>
    test
      .client()
      .postForm('/api/v1/auth/token', { username: 'alice', password: PASSWORD, ...more });
  const first = (await grant()).json;
  t.match(first.device_token, /^[\w-]{43}$/);
  const renewal = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
  const renewed = await test.client().postForm('/api/v1/auth/token', renewal);
  t.notOk('device_token' in renewed.json, 'only with a password');

  await test.guess();
  t.equal((await grant()).status, 429);
  t.equal((await grant({ device_token: 'x' })).status, 429);
  const again = await grant({ device_token: first.device_token });
  t.equal(again.status, 200);
  t.equal(again.json.device_token, first.device_token);
  t.equal(await test.devices(), 1);
  const wrong = { device_token: first.device_token, password: 'wrong' };
  const statuses = [];
  for (let count = 0; count < 6; count += 1) statuses.push((await grant(wrong)).status);
  t.same(statuses, [401, 401, 401, 401, 401, 429], 'with a limit of its own');
});

t.test('deletes devices together with their user', async (t) => {
  const test = await createGuarded(t);
  await test.signIn(test.client());
  t.equal(await test.devices(), 1);
  await test.app.pg.query('delete from users where id = $1', [test.id]);
  t.equal(await test.devices(), 0);
});
