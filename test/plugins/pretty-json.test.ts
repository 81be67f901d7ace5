import t from 'tap';
import { indentJson } from '#src/lib/indent-json.js';
import { createTestApp } from '#test/support/app.js';

t.test('indents JSON and keeps the spelling of its values', async (t) => {
  const cases = [
    '{"a":[1,{"b":null}],"c":{},"d":[],"e":"x, {\\"y\\": [1]}\\\\"}',
    '[]',
    '[[[]]]',
    '"text"',
    'null',
    ' [ 1 , 2 ] ',
  ];
  for (const text of cases) {
    t.equal(indentJson(text), `${JSON.stringify(JSON.parse(text), null, 2)}\n`, text);
  }
  t.equal(indentJson('[123456789012345678901,1.0]'), '[\n  123456789012345678901,\n  1.0\n]\n');
});

t.test('indents every JSON response in development', async (t) => {
  const { client } = await createTestApp(t, { APP_ENV: 'development' });
  const anyone = client();
  const cases: [url: string, status: number][] = [
    ['/api/v1/users?pretty=1', 200],
    ['/api/v1/users?size=0&pretty=1', 422],
    ['/nowhere?pretty=1', 404],
    ['/openapi.json?pretty=1', 200],
  ];
  for (const [url, status] of cases) {
    const pretty = await anyone.get(url);
    const plain = await anyone.get(url.replace(/pretty=1$/, 'pretty=0'));
    t.equal(pretty.status, status, url);
    t.equal(pretty.text, `${JSON.stringify(plain.json, null, 2)}\n`);
    t.notMatch(plain.text, /\n {2}"/);
  }
  t.equal((await anyone.get('/status?pretty=1')).text, 'System operational');
});

t.test('leaves responses as they are elsewhere', async (t) => {
  const { client } = await createTestApp(t);
  t.notMatch((await client().get('/api/v1/users?pretty=1')).text, /\n/);
});
