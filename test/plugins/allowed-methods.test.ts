import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { contract } from '#test/support/contract.js';

const { client } = await createTestApp(t, { APP_ENV: 'development' });
const anyone = client();

t.test('answers 405 with Allow to a wrong method, and 404 to an unknown path', async (t) => {
  const wrong = await anyone.delete('/api/v1/users');
  t.same(wrong.json, { detail: 'Method Not Allowed', code: 'method_not_allowed' });
  t.equal(wrong.headers['allow'], 'GET, HEAD, POST, OPTIONS');
  t.equal(
    (await anyone.post('/api/v1/users/1')).headers['allow'],
    'GET, HEAD, PUT, PATCH, DELETE, OPTIONS',
  );
  t.equal((await anyone.post('/health')).status, 405);
  const fixed = await anyone.delete('/api/v1/posts/popular/?x=1');
  t.same([fixed.status, fixed.headers['allow']], [405, 'GET, HEAD, OPTIONS'], 'not a post');
  t.equal((await anyone.post('/docs')).status, 405);
  const nowhere = await anyone.get('/api/v1/nowhere');
  t.same([nowhere.status, nowhere.json], [404, { detail: 'Not Found', code: 'not_found' }]);
  t.equal((await anyone.delete('/nowhere')).status, 404);
  t.equal((await anyone.get('/static/nothing.css')).status, 404, 'missing file');
  const undecodable = await anyone.get('/%');
  t.same([undecodable.status, undecodable.json.code], [400, 'malformed_url']);
  t.ok(undecodable.headers['x-request-id']);
});

t.test('ignores a trailing slash', async (t) => {
  for (const url of ['/health/', '/api/v1', '/api/v1/', '/api/v1/users/', '/docs/', '/redoc/']) {
    t.equal((await anyone.get(url)).status, 200, url);
  }
  t.equal((await anyone.delete('/api/v1/users/')).status, 405);
});

t.test('lists the allowed methods on OPTIONS', async (t) => {
  const { status, headers, text } = await anyone.request({
    method: 'OPTIONS',
    url: '/api/v1/users',
  });
  t.same([status, headers['allow'], text], [204, 'GET, HEAD, POST, OPTIONS', '']);
  t.equal((await anyone.request({ method: 'OPTIONS', url: '/nowhere' })).status, 404);
  for (const [path, item] of Object.entries(contract.paths ?? {})) {
    const documented = ['get', 'post', 'put', 'patch', 'delete'].filter(
      (name) => name in (item ?? {}),
    );
    const url = path.replaceAll(/\{.*?\}/g, '1');
    const { headers } = await anyone.request({ method: 'OPTIONS', url });
    const allowed = String(headers['allow']).toLowerCase().split(', ');
    t.same(
      allowed.filter((name) => name !== 'head' && name !== 'options'),
      documented,
      path,
    );
  }
});

t.test('supports HEAD wherever GET is supported, with the same headers and no body', async (t) => {
  for (const [path, item] of Object.entries(contract.paths ?? {})) {
    if (item?.get === undefined) continue;
    const url = path.replace('{id}', '1');
    const get = await anyone.get(url);
    const head = await anyone.request({ method: 'HEAD', url });
    t.equal(head.status, get.status, url);
    t.equal(head.text, '', url);
    t.equal(head.headers['content-type'], get.headers['content-type'], url);
  }
});
