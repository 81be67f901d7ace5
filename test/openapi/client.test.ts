import createClient, { type Middleware } from 'openapi-fetch';
import t, { type Test } from 'tap';
import { createTestApp, PASSWORD, type TestApp } from '#test/support/app.js';
import type { components, paths } from '../../openapi/types.d.ts';

type User = components['schemas']['User'];

const people = Array.from({ length: 7 }, (_, index) => ({ username: `person_${index}` }));

/** Does what a browser and page do: keeps cookies, and sends `Origin` and the CSRF token. */
function asPage(): Middleware {
  const cookies = new Map<string, string>();
  let csrfToken: string | undefined;
  return {
    onRequest({ request }) {
      const pairs = [...cookies].map(([name, value]) => `${name}=${value}`);
      if (pairs.length > 0) request.headers.set('cookie', pairs.join('; '));
      if (csrfToken !== undefined && request.method !== 'GET') {
        request.headers.set('x-csrf-token', csrfToken);
      }
      return request;
    },
    async onResponse({ response, schemaPath }) {
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
        else cookies.set(name, value);
      }
      if (schemaPath === '/api/v1/auth/csrf') {
        const body = (await response.clone().json()) as components['schemas']['CsrfToken'];
        csrfToken = body.csrf_token;
      }
    },
  };
}

async function listening(t: Test): Promise<TestApp & { baseUrl: string }> {
  const test = await createTestApp(t);
  return { ...test, baseUrl: await test.app.listen({ host: '127.0.0.1', port: 0 }) };
}

/** Creates a generated client, as an application does. */
function clientFor(baseUrl: string) {
  const client = createClient<paths>({ baseUrl });
  client.use(asPage());
  return client;
}

t.test('completes a whole scenario with a typed client over HTTP', async (t) => {
  const { baseUrl, createUser } = await listening(t);
  await createUser({ username: 'admin', role: 'admin' });
  const api = clientFor(baseUrl);
  const anyone = clientFor(baseUrl);

  t.comment('anonymous clients can only read');
  const list = await anyone.GET('/api/v1/users', { params: { query: { page: 1, size: 5 } } });
  t.equal(list.response.status, 200);
  t.equal(list.data?.total, 1);
  t.equal(list.data?.items[0]?.username, 'admin');
  const refused = await anyone.POST('/api/v1/users', { body: { username: 'nobody' } });
  t.equal(refused.response.status, 401);
  t.equal(refused.data, undefined);
  t.match(refused.error, { code: 'not_authenticated', detail: String });

  t.comment('signs in');
  const wrong = await api.POST('/api/v1/auth/login', {
    body: { username: 'admin', password: 'wrong' },
  });
  t.equal(wrong.response.status, 401);
  const login = await api.POST('/api/v1/auth/login', {
    body: { username: 'admin', password: PASSWORD },
  });
  t.equal(login.data?.status, 'login_ok');
  const token = await api.GET('/api/v1/auth/csrf');
  t.type(token.data?.csrf_token, 'string');
  const session = await api.GET('/api/v1/auth/session');
  t.same(session.data, { status: 'logged_in', username: 'admin' });

  t.comment('creates, and retries under the same key');
  const create = {
    params: { header: { 'idempotency-key': 'one and the same' } },
    body: { username: 'dora', email: 'dora@example.com', tags: ['staff'] },
  };
  const created = await api.POST('/api/v1/users', create);
  t.equal(created.response.status, 201);
  const user = created.data as User;
  t.match(user, { username: 'dora', email: 'dora@example.com', role: 'author', nickname: '' });
  const again = await api.POST('/api/v1/users', create);
  t.equal(again.response.status, 201);
  t.equal(again.response.headers.get('idempotent-replayed'), 'true');
  t.same(again.data, user);
  const taken = await api.POST('/api/v1/users', { body: { username: 'DORA' } });
  t.equal(taken.response.status, 409);
  t.match(taken.error, { code: 'duplicate' });

  t.comment('rejects invalid values');
  const invalid = await api.POST('/api/v1/users', { body: { username: 'x', age: 200 } });
  t.equal(invalid.response.status, 422);
  const problems = invalid.error && Array.isArray(invalid.error.detail) ? invalid.error.detail : [];
  t.same(
    problems.map(({ type, loc }) => [type, ...loc]),
    [
      ['string_too_short', 'body', 'username'],
      ['less_than_equal', 'body', 'age'],
    ],
  );

  t.comment('reads, and revalidates with If-None-Match');
  const path = { id: user.id };
  const read = await api.GET('/api/v1/users/{id}', { params: { path } });
  t.same(read.data, user);
  const etag = String(read.response.headers.get('etag'));
  const unchanged = await api.GET('/api/v1/users/{id}', {
    params: { path, header: { 'if-none-match': etag } },
  });
  t.equal(unchanged.response.status, 304);
  const publicly = await anyone.GET('/api/v1/users/{id}', { params: { path } });
  t.equal(publicly.data?.username, 'dora');
  t.notOk(publicly.data && 'email' in publicly.data, 'hides the email address from others');

  t.comment('updates, and rejects a stale version');
  const change = { params: { path, header: { 'if-match': etag } } };
  const changed = await api.PATCH('/api/v1/users/{id}', { ...change, body: { nickname: 'Dora' } });
  t.equal(changed.data?.nickname, 'Dora');
  t.same(changed.data?.tags, ['staff']);
  const late = await api.PATCH('/api/v1/users/{id}', { ...change, body: { nickname: 'Late' } });
  t.equal(late.response.status, 412);
  t.equal(late.error?.detail !== undefined, true);

  t.comment('creates in bulk, and pages through the list');
  const bulk = await api.POST('/api/v1/users/bulk', { body: people });
  t.equal(bulk.response.status, 201);
  t.equal(bulk.data?.created, people.length);
  const names: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages += 1) {
    const query: NonNullable<paths['/api/v1/users']['get']['parameters']['query']> = {
      cursor,
      size: 4,
    };
    const page = await api.GET('/api/v1/users', { params: { query } });
    names.push(...(page.data?.items ?? []).map(({ username }) => username));
    cursor = page.data?.next_cursor ?? null;
  }
  t.same(names, ['admin', 'dora', ...people.map(({ username }) => username)]);
  t.equal(pages, 3);

  t.comment('deletes');
  const deleted = await api.DELETE('/api/v1/users/{id}', { params: { path } });
  t.equal(deleted.response.status, 204);
  t.equal(deleted.data, undefined);
  const gone = await api.GET('/api/v1/users/{id}', { params: { path } });
  t.equal(gone.response.status, 404);
  t.match(gone.error, { code: 'not_found' });

  t.comment('signs out');
  const logout = await api.POST('/api/v1/auth/logout');
  t.equal(logout.data?.status, 'logged_out');
  t.equal((await api.GET('/api/v1/auth/session')).data?.status, 'not_logged_in');
});
