import t from 'tap';
import { isSecretName, redact, redactForm, redactJson, redactText } from '#src/lib/redact.js';

t.test('recognizes names of secrets', async (t) => {
  const secret = [
    'password',
    'new_password',
    'accessToken',
    'X-API-Key',
    'Set-Cookie',
    'client_secret',
  ];
  for (const name of secret) t.ok(isSecretName(name), name);
  for (const name of ['name', 'page', 'key', 'author', 'pass']) t.notOk(isSecretName(name), name);
});

t.test('redacts values at any depth', async (t) => {
  const value = { a: [{ token: { b: 1 } }, 2, null] };
  t.equal(JSON.stringify(redact(value)), '{"a":[{"token":"[redacted]"},2,null]}');
  const own = JSON.parse('{"__proto__":{"password":"x","a":1}}');
  t.equal(JSON.stringify(redact(own)), '{"__proto__":{"password":"[redacted]","a":1}}');
});

t.test('redacts only secrets within texts', async (t) => {
  t.equal(redactForm('a=1&b=%E5%BC%A0+x'), 'a=1&b=%E5%BC%A0+x');
  t.equal(redactForm('a=1+2&%74oken=x'), 'a=1%202&token=[redacted]');
  t.equal(redactJson('{ "a": 1 }'), '{ "a": 1 }');
  t.equal(redactJson('{ "a": 1, "token": 2 }'), '{"a":1,"token":"[redacted]"}');
  t.equal(redactJson('text'), null);
  t.equal(redactJson('{"a":'), null);
  t.equal(redactText('a token of love'), 'a token of love');
  t.equal(redactText('{"token": "a\\"b", "c": 1'), '{"token": [redacted], "c": 1');
  t.equal(redactText("x; password='a b' c"), 'x; password=[redacted] c');
});

t.test('takes linear time for a long text', async (t) => {
  const parts = ['token', 'token=', 'token="', 'token:\\', "passw-'", 'a', '"token": {'];
  const timeOf = (length: number) => {
    const began = performance.now();
    for (const part of parts) redactText(part.repeat(length / part.length));
    return performance.now() - began;
  };
  const least = (length: number) => Math.min(timeOf(length), timeOf(length), timeOf(length));
  const [short, long] = [least(16_384), least(16 * 16_384)];
  // What grows with the square would take 256 times as long.
  t.ok(long < 100 * short, `${long.toFixed(1)} ms, ${short.toFixed(1)} ms for a 16th of it`);
});
