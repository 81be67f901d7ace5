import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { chinese } from '#src/lib/messages/chinese.js';
import { english } from '#src/lib/messages/english.js';
import { languageOf } from '#src/lib/messages/index.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { Problems } from '#test/support/problems.js';

/** Placeholder values that are recognizable in any text. */
const CONTEXT = {
  min_length: 11,
  max_length: 12,
  actual_length: 13,
  field_type: 'List',
  le: 14,
  lt: 15,
  ge: 16,
  gt: 17,
  multiple_of: 18,
  pattern: '^19$',
  expected: "'20' or '21'",
  error: 'error 22',
  reason: 'reason 23',
  discriminator: "'24'",
  tag: '25',
  expected_tags: "'26'",
  expected_version: 27,
  expected_schemes: "'28'",
};
/** Returns the texts of a part of a catalogue; those of a mail are listed by their own names. */
function flatten(part: object): Record<string, string> {
  const texts = Object.entries(part).flatMap(([key, value]: [string, string | object]) =>
    typeof value === 'string'
      ? [[key, value]]
      : Object.entries(flatten(value)).map(([inner, text]) => [`${key}.${inner}`, text]),
  );
  return Object.fromEntries(texts);
}
const mentioned = (text: string) => (text.match(/\d+|\{\w+\}/g) ?? []).sort();

t.test('has the same entries with the same placeholders in every catalogue', async (t) => {
  const problems = new Problems();
  for (const part of ['errors', 'reasons', 'mails', 'mailAccess', 'notifications'] as const) {
    const [ours, theirs] = [flatten(english[part]), flatten(chinese[part])];
    t.same(Object.keys(theirs ?? {}), Object.keys(ours ?? {}), part);
    for (const [key, text] of Object.entries(ours ?? {})) {
      const theirText = theirs?.[key] ?? '';
      problems.unless(isDeepStrictEqual(mentioned(theirText), mentioned(text)), key);
      const hasWords = /\p{L}/u.test(text.replaceAll(/\{\w+\}/g, ''));
      problems.unless(!hasWords || /\p{Script=Han}/u.test(theirText), `${key} is in Chinese`);
    }
  }
  t.same(Object.keys(chinese.validation), Object.keys(english.validation));
  for (const key of Object.keys(english.validation) as (keyof typeof english.validation)[]) {
    const [ours, theirs] = [english.validation[key](CONTEXT), chinese.validation[key](CONTEXT)];
    problems.unless(/\p{Script=Han}/u.test(theirs), `${key} is in Chinese`);
    const strip = (text: string) => text.replace(/UTF-8|UUID|IPv\d|\b4 or/g, '');
    const isSame = isDeepStrictEqual(mentioned(strip(theirs)), mentioned(strip(ours)));
    problems.unless(isSame, `${key}: ${theirs}`);
  }
  problems.assertNone(t, 'entries');
});

t.test('selects the language by Accept-Language', async (t) => {
  const wanted = {
    'zh-CN': 'zh',
    'zh-TW,zh;q=0.9,en;q=0.8': 'zh',
    'fr, zh;q=0.5': 'zh',
    'en, zh;q=0.9': 'en',
    fr: 'en',
    '*': 'en',
    'zh;q=0': 'en',
    'nonsense;;;q=x': 'en',
  };
  for (const [field, language] of Object.entries(wanted))
    t.equal(languageOf(field), language, field);
  t.equal(languageOf(undefined), 'en');
});

t.test('returns the same errors in Chinese', async (t) => {
  const { client, signedIn } = await createTestApp(t);
  const admin = await signedIn({ username: 'root', role: 'admin' });
  const zh = { 'accept-language': 'zh-CN,zh;q=0.9' };
  const requests = [
    ['POST', '/api/v1/users', { username: 'a', age: 200 }, '长度不能少于2个字符'],
    ['POST', '/api/v1/users', { username: 'ROOT' }, '已被占用'],
    ['POST', '/api/v1/auth/login', { username: 'root', password: 'x' }, '用户名或密码错误'],
    ['POST', '/api/v1/auth/login', '{"username":', 'JSON 解析错误'],
    ['GET', '/api/v1/users?cursor=x&sort=king', undefined, "输入应为 'id', '-id'"],
    ['GET', '/api/v1/users?cursor=x', undefined, '值错误，该游标'],
    ['GET', '/api/v1/users/9999', undefined, '未找到'],
    ['DELETE', '/api/v1/users', undefined, '不允许的请求方法'],
    ['GET', '/%', undefined, '请求地址格式错误'],
  ] as const;
  for (const [method, url, payload, expected] of requests) {
    const call = (headers: Record<string, string>) =>
      admin.request({
        method,
        url,
        headers: { 'content-type': 'application/json', ...headers },
        ...(payload !== undefined && { payload }),
      });
    const [ours, theirs] = [await call({}), await call(zh)];
    t.equal(theirs.status, ours.status, url);
    t.match(theirs.text, expected, url);
    t.match(theirs.headers, { 'content-language': 'zh' });
    const texts = (_key: string, value: unknown) =>
      typeof value === 'string' && /\p{Script=Han}|^[A-Z].* /u.test(value) ? '' : value;
    t.same(JSON.parse(theirs.text, texts), JSON.parse(ours.text, texts), `${url}: other fields`);
  }
  const anonymous = await client().post('/api/v1/users', { username: 'abc' }, zh);
  t.equal(anonymous.json.detail, '缺少有效的认证令牌');
  t.equal((await client().signIn('root', PASSWORD)).status, 200);
});
