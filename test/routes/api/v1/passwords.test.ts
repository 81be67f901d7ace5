import t from 'tap';
import { createTestApp } from '#test/support/app.js';

const URL = '/api/v1/auth/password-strength';
const { client, signedIn } = await createTestApp(t);

t.test('returns no errors for a valid password', async (t) => {
  const reply = await client().post(URL, { password: 'Correct-Horse-9' });
  t.equal(reply.status, 200);
  t.same(reply.json, { valid: true, errors: [] });
  t.match(reply.headers, { 'content-language': 'en' });
});

t.test('returns all errors at once in the requested language', async (t) => {
  const english = await client().post(URL, { password: 'passw' });
  t.equal(english.json.valid, false);
  t.same(
    english.json.errors.map(({ type }: { type: string }) => type),
    ['password_too_short', 'password_no_upper', 'password_no_digit', 'password_no_special'],
  );
  t.equal(english.json.errors[2].msg, 'Password should have a digit');
  const chinese = await client().post(URL, { password: 'passw' }, { 'accept-language': 'zh-CN' });
  t.same(
    chinese.json.errors.map(({ msg }: { msg: string }) => msg),
    ['密码长度不能少于8个字符', '密码必须包含大写字母', '密码必须包含数字', '密码必须包含特殊字符'],
  );
  t.match(chinese.headers, { 'content-language': 'zh' });
  const long = await client().post(URL, { password: `Aa1!${'x'.repeat(1000)}` });
  t.match(long.json.errors, [{ type: 'password_too_long' }]);
});

t.test('knows common passwords, and those that contain who is to have them', async (t) => {
  const typesOf = async (body: Record<string, string>) =>
    (await client().post(URL, body)).json.errors.map(({ type }: { type: string }) => type);
  for (const password of ['Password1!', 'P@ssw0rd#9', 'Welcome2024!', 'Qwerty!23']) {
    t.same(await typesOf({ password }), ['password_too_common'], password);
  }
  const password = 'Alice-Lantern-9';
  t.same(await typesOf({ password }), []);
  t.same(await typesOf({ password, username: 'ALICE' }), ['password_contains_name']);
  t.same(await typesOf({ password, email: 'Alice+news@example.com' }), ['password_contains_email']);
  t.same(await typesOf({ password, username: 'bob', email: 'bob@example.com' }), []);
  const both = { password, username: 'alice', email: 'alice@example.com' };
  const chinese = await client().post(URL, both, { 'accept-language': 'zh' });
  t.same(
    chinese.json.errors.map(({ msg }: { msg: string }) => msg),
    ['密码不能包含用户名或昵称', '密码不能包含邮箱地址或其 @ 之前的部分'],
  );
});

t.test('needs no session', async (t) => {
  const alice = await signedIn({ username: 'alice' });
  alice.dropCsrfToken();
  t.equal((await alice.post(URL, { password: 'x' })).status, 200);
  for (const body of [{}, { password: '' }, { password: 'x'.repeat(1025) }, { password: 1 }]) {
    t.equal((await client().post(URL, body)).status, 422);
  }
});
