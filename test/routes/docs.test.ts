import type { Page } from 'playwright-core';
import t from 'tap';
import { SESSION_COOKIE } from '#plugins/sessions.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { noBrowser, visit } from '#test/support/browser.js';

const { app, client, createUser } = await createTestApp(t);
await createUser({ username: 'admin', role: 'admin' });
const origin = await app.listen({ host: '127.0.0.1', port: 0 });

t.test('serves pages and assets from this origin', async (t) => {
  const anyone = client();
  const docs = await anyone.get('/docs');
  t.match(docs.headers['content-type'], /^text\/html/);
  t.match(docs.text, /<title>Althing - Swagger UI<\/title>/);
  const redoc = await anyone.get('/redoc');
  t.match(redoc.text, /<title>Althing - ReDoc<\/title>/);
  for (const { text } of [docs, redoc]) {
    t.notMatch(text, /(?:src|href)="(?:https?:)?\/\//, 'no other host');
    for (const [, path = ''] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      t.equal((await anyone.get(path)).status, 200, path);
    }
  }
  t.equal((await anyone.get('/')).headers['location'], '/docs');
  t.equal((await anyone.get('/static/../package.json')).status, 404, 'nothing outside the assets');
  t.equal((await anyone.get('/static/%2e%2e/package.json')).status, 404);
});

t.test('serves no documentation with DOCS=false', async (t) => {
  const closed = await createTestApp(t, { DOCS: false });
  const anyone = closed.client();
  for (const url of [
    '/docs',
    '/docs/',
    '/docs/json',
    '/docs/yaml',
    '/docs/static/index.html',
    '/docs/static/swagger-ui.css',
    '/redoc',
    '/openapi.json',
    '/static/redoc.css',
  ]) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const { status, headers } = await anyone.request({ method, url });
      t.same([status, headers['allow']], [404, undefined], `${method} ${url}`);
    }
  }
  const start = await anyone.get('/');
  t.equal(start.status, 302);
  const target = await anyone.get(String(start.headers['location']));
  t.equal(target.status, 200, 'the start page leads somewhere');
  t.notMatch(target.text, /docs|openapi/);
  t.equal((await anyone.get('/health')).status, 200);
});

t.test('signs in with Swagger UI and tries an operation', { skip: noBrowser }, async (t) => {
  const { page, complaints, foreign } = await visit(t, origin);
  await page.goto(`${origin}/docs`);
  await page.getByRole('heading', { name: 'Signing in', exact: true }).waitFor();

  const login = await run(page, 'auth-login', { username: 'admin', password: PASSWORD });
  t.match(login, { status: /^200/, text: /login_ok/ });
  const create = await run(page, 'users-create', { username: 'from_the_docs' });
  t.match(create, { status: /^201/, text: /from_the_docs/ }, 'sends the CSRF token automatically');
  t.same(complaints, []);
  t.same(foreign, []);
  t.equal((await client().get('/api/v1/users?q=from_the_docs')).json.total, 1);
});

t.test('sends the body of a DELETE with Swagger UI', { skip: noBrowser }, async (t) => {
  await createUser({ username: 'leaver' });
  const { page, complaints } = await visit(t, origin);
  await page.goto(`${origin}/docs`);
  await run(page, 'auth-login', { username: 'leaver', password: PASSWORD });
  t.match(await run(page, 'me-delete', { password: PASSWORD }), { status: /^204/ });
  t.same(complaints, []);
  t.equal((await client().signIn('leaver', PASSWORD)).status, 401);
});

t.test('requests and sends a token with Swagger UI', { skip: noBrowser }, async (t) => {
  const { page, complaints, foreign } = await visit(t, origin);
  await page.goto(`${origin}/docs`);
  await page.getByRole('button', { name: 'Authorize', exact: true }).first().click();
  const form = page.locator('.modal-ux .auth-container:has(#oauth_username)');
  await form.locator('#oauth_username').fill('admin');
  await form.locator('#oauth_password').fill(PASSWORD);
  const answer = page.waitForResponse(`${origin}/api/v1/auth/token`);
  await form.locator('button.authorize').click();
  t.match((await answer).request().headers(), { authorization: /^Basic / }, 'ignored');
  await page.locator('.modal-ux').getByText('Authorized', { exact: true }).waitFor();
  await page.locator('.modal-ux .close-modal').click();

  const request = page.waitForRequest(`${origin}/api/v1/auth/session`);
  const session = await run(page, 'auth-session');
  t.match(session, { status: /^200/, text: /logged_in.*admin/s });
  t.match((await request).headers(), { authorization: /^Bearer eyJ/ });
  const cookies = await page.context().cookies();
  t.notOk(
    cookies.some(({ name }) => name === SESSION_COOKIE),
    'without a browser session',
  );
  const create = await run(page, 'users-create', { username: 'with_a_token' });
  t.match(create, { status: /^201/, text: /with_a_token/ });
  t.same(complaints, []);
  t.same(foreign, []);
});

t.test('renders ReDoc', { skip: noBrowser }, async (t) => {
  const { page, complaints, foreign } = await visit(t, origin);
  await page.goto(`${origin}/redoc`);
  await page.getByRole('heading', { name: 'List users' }).waitFor();
  t.same(complaints, []);
  t.same(foreign, []);
});

/** Tries out an operation, like a reader. */
async function run(page: Page, operationId: string, body?: object) {
  const block = page.locator(
    `.opblock:has(.opblock-summary-operation-id:text-is("${operationId}"))`,
  );
  await block.locator('.opblock-summary-control').click();
  if (body !== undefined) {
    await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  }
  await block.getByRole('button', { name: 'Execute' }).click();
  const live = block.locator('.live-responses-table .response').first();
  await live.waitFor();
  return {
    status: (await live.locator('.response-col_status').textContent())?.trim(),
    text: await live.locator('.response-col_description').textContent(),
  };
}
