import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { SESSION_COOKIE } from '#plugins/sessions.js';
import { createTestApp, PASSWORD } from '#test/support/app.js';
import { noBrowser, visit } from '#test/support/browser.js';

interface Contract {
  tags: { name: string }[];
  paths: Record<string, Record<string, { tags?: string[] }>>;
}

const { app, client, createUser, signedIn } = await createTestApp(t);
await createUser({ username: 'admin', role: 'admin' });
const origin = await app.listen({ host: '127.0.0.1', port: 0 });

t.test('serves pages and assets from this origin', async (t) => {
  const anyone = client();
  const docs = await anyone.get('/docs');
  t.match(docs.headers['content-type'], /^text\/html/);
  t.match(docs.text, /<title>Althing API<\/title>/);
  const redoc = await anyone.get('/redoc');
  t.match(redoc.text, /<title>Althing API - Reference<\/title>/);
  for (const { text } of [docs, redoc]) {
    t.notMatch(text, /(?:src|href)="(?:https?:)?\/\//, 'no other host');
    for (const [, path = ''] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      t.equal((await anyone.get(path)).status, 200, path);
    }
  }
  t.equal((await anyone.get('/')).headers['location'], '/docs');
  t.equal((await anyone.get('/static/../package.json')).status, 404, 'nothing outside the assets');
  for (const way of [
    '%2e%2e/',
    '../../',
    '..%2f..%2f',
    '%2e%2e%2f%2e%2e%2f',
    '..%5c..%5c',
    './/../../',
  ]) {
    for (const folder of ['/static/', '/static/vendor/', '/docs/static/']) {
      t.equal((await anyone.get(`${folder}${way}package.json`)).status, 404, folder + way);
    }
  }
  t.equal((await anyone.get('/docs?from=..')).status, 200, 'a query leads nowhere');
});

t.test('fills the address of the request in all examples', async (t) => {
  const addressesIn = (text: string) =>
    new Set([...text.matchAll(/(?:https?|wss?):\/\/[\w.-]+:\d+/g)].map(([address]) => address));
  const direct = await client().get('/openapi.json', { host: 'althing.example:4321' });
  t.same([...addressesIn(direct.text)].sort(), [
    'http://althing.example:4321',
    'ws://althing.example:4321',
  ]);
  t.notMatch(direct.text, /127\.0\.0\.1:8000/);
  const behind = await createTestApp(t, { TRUST_PROXY: '1' });
  const proxied = await behind
    .client()
    .get('/openapi.json', { host: 'althing.example:8443', 'x-forwarded-proto': 'https' });
  t.match(proxied.text, /curl -s https:\/\/althing\.example:8443\/api/);
  t.notMatch(proxied.text, /127\.0\.0\.1:8000|[^s]:\/\/althing\.example/);
  // A host that a shell would interpret does not get into a command.
  const hostile = await client().get('/openapi.json', { host: "a$b'&c" });
  t.notMatch(hostile.text, "a$b'&c");
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
  const answer = page.waitForResponse(`${origin}/api/v1/auth/token`);
  await authorize(page, 'admin');
  t.match((await answer).request().headers(), { authorization: /^Basic / }, 'ignored');

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

t.test('lists all groups, each with its operations', { skip: noBrowser }, async (t) => {
  const { page, complaints } = await visit(t, origin);
  await page.goto(`${origin}/docs`);
  await page.locator('.opblock-tag').first().waitFor();
  const { tags, paths } = (await client().get('/openapi.json')).json as Contract;
  const groups = page.locator('.opblock-tag');
  const names = await groups.evaluateAll((tags) => tags.map(({ dataset }) => dataset['tag']));
  t.same(
    names,
    tags.map(({ name }) => name),
  );
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  for (const name of names) {
    const heading = page.locator(`.opblock-tag[data-tag="${name}"]`);
    await heading.click();
    const group = page.locator('.opblock-tag-section', { has: heading });
    t.equal(
      await group.locator('.opblock').count(),
      operations.filter(({ tags }) => tags?.[0] === name).length,
      name,
    );
    await heading.click();
  }
  t.same(complaints, []);
});

t.test('shows a lock where signing in is required', { skip: noBrowser }, async (t) => {
  const { page, complaints } = await visit(t, origin);
  await page.goto(`${origin}/docs`);
  const lock = (block: Locator) => block.locator('.authorization__btn').count();
  t.equal(await lock(await blockOf(page, 'posts-list')), 0);
  t.equal(await lock(await blockOf(page, 'users-create')), 1);
  t.equal(await lock(await blockOf(page, 'auth-login')), 0);
  t.equal(await lock(await blockOf(page, 'me-read')), 1);
  t.same(complaints, []);
});

t.test('shows a draft to its author and keeps the token', { skip: noBrowser }, async (t) => {
  const author = await signedIn({ username: 'drafter', role: 'author' });
  const { id } = (await author.post('/api/v1/posts', { title: 'A draft', content: 'x' })).json;
  const { page } = await visit(t, origin);
  await page.goto(`${origin}/docs`);
  await authorize(page, 'drafter');
  await page.reload();
  const block = await blockOf(page, 'posts-read');
  await block.locator('.opblock-summary-control').click();
  await block.locator('input[placeholder="id"]').fill(String(id));
  t.match(await execute(block), { status: /^200/, text: /A draft/ });
});

t.test('fits on a phone', { skip: noBrowser }, async (t) => {
  for (const path of ['docs', 'redoc']) {
    const { page, complaints } = await visit(t, origin);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${origin}/${path}`);
    await page.getByText('GET').first().waitFor({ state: 'attached' });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    t.equal(width, 390, `${path} does not scroll sideways`);
    t.match(await page.locator('body').textContent(), `curl -s -b jar ${origin}/api`);
    t.same(complaints, []);
  }
});

t.test('renders ReDoc', { skip: noBrowser }, async (t) => {
  const { page, complaints, foreign } = await visit(t, origin);
  await page.goto(`${origin}/redoc`);
  await page.getByRole('heading', { name: 'List users' }).first().waitFor();
  t.same(complaints, []);
  t.same(foreign, []);
});

/** Fills in the first fields of *Authorize*, like a reader. */
async function authorize(page: Page, username: string): Promise<void> {
  await page.getByRole('button', { name: 'Authorize', exact: true }).first().click();
  await page.locator('.modal-ux input').first().fill(username);
  await page.locator('.modal-ux input').nth(1).fill(PASSWORD);
  await page.locator('.modal-ux button.authorize').first().click();
  await page.locator('.modal-ux').getByText('Authorized', { exact: true }).waitFor();
  await page.locator('.modal-ux .close-modal').click();
}

/** Opens the group of an operation and returns the operation. */
async function blockOf(page: Page, operationId: string): Promise<Locator> {
  const tag = operationId.slice(0, operationId.indexOf('-'));
  const heading = page.locator(`.opblock-tag[data-tag="${tag}"]`);
  if ((await heading.getAttribute('data-is-open')) === 'false') await heading.click();
  return page.locator(`.opblock:has(.opblock-summary-operation-id:text-is("${operationId}"))`);
}

/** Tries out an operation, like a reader. */
async function run(page: Page, operationId: string, body?: object) {
  const block = await blockOf(page, operationId);
  await block.locator('.opblock-summary-control').click();
  if (body !== undefined) {
    await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  }
  return execute(block);
}

async function execute(block: Locator) {
  await block.getByRole('button', { name: 'Execute' }).click();
  const live = block.locator('.live-responses-table .response').first();
  await live.waitFor();
  return {
    status: (await live.locator('.response-col_status').textContent())?.trim(),
    text: await live.locator('.response-col_description').textContent(),
  };
}
