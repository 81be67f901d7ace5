import { connect } from 'node:net';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { noBrowser, visit } from '#test/support/browser.js';
import { Problems } from '#test/support/problems.js';
import { startSmtpServer } from '#test/support/smtp.js';

const development = { APP_ENV: 'development' } as const;

t.test('lists mails, newest first, with escaped HTML', async (t) => {
  const { app, client, clock } = await createTestApp(t, development);
  const anyone = client();
  t.match((await anyone.get('/dev/mail')).text, 'There is none yet.');
  t.same((await anyone.get('/dev/mail.json')).json.items, []);

  await app.mail.send({ to: 'a@example.com', subject: 'First', text: 'Text' });
  await app.mail.send({
    to: "o'b&b@example.com",
    subject: '<script>alert("1")</script>',
    text: '</pre><img src=x onerror=alert(1)>\nhttps://app.example.com/?a=1&b="><b>\njavascript:alert(1)',
  });
  const listed = (await anyone.get('/dev/mail.json')).json;
  const mails = listed.items;
  t.match(listed, { total: 2, page: 1, size: 10, pages: 1, has_next: false, next_cursor: null });
  const second = (await anyone.get('/dev/mail.json?page=2&size=1')).json;
  t.match(second, { items: [{ id: 1 }], has_next: false, has_prev: true, pages: 2 });
  t.equal((await anyone.get('/dev/mail.json?size=0')).status, 422);
  t.same(
    mails.map(({ id, subject, sent_at }: Record<string, unknown>) => ({ id, subject, sent_at })),
    [
      { id: 2, subject: '<script>alert("1")</script>', sent_at: clock.read().toISOString() },
      { id: 1, subject: 'First', sent_at: clock.read().toISOString() },
    ],
  );

  const page = await anyone.get('/dev/mail');
  t.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  t.equal(page.headers['cache-control'], 'no-store');
  t.match(page.headers['content-security-policy'], "script-src 'self'");
  t.ok(page.text.indexOf('mail-2') < page.text.indexOf('mail-1'));
  t.notMatch(page.text, /<script|<img|<b>|href="javascript| style=|<style/);
  t.match(page.text, '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  t.match(page.text, 'o&#39;b&amp;b@example.com');
  t.match(page.text, '<a href="https://app.example.com/?a=1&amp;b=&quot;&gt;&lt;b&gt;">');
});

t.test('renders in a browser without errors', { skip: noBrowser }, async (t) => {
  const { app } = await createTestApp(t, development);
  await app.mail.send({
    to: 'a@example.com',
    subject: '<script>document.title="1"</script>',
    text: 'Open https://app.example.com/verify-email?token=abc please',
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const { page, complaints, foreign } = await visit(t, origin);
  await page.goto(`${origin}/dev/mail`);
  await page.getByRole('heading', { name: '<script>document.title="1"</script>' }).waitFor();
  t.equal(
    await page.getByRole('link').getAttribute('href'),
    'https://app.example.com/verify-email?token=abc',
  );
  t.equal(await page.title(), 'Mail - Althing');
  await page.setViewportSize({ width: 390, height: 844 });
  await app.mail.send({ to: 'a@example.com', subject: 'Long', text: `https://${'x'.repeat(300)}` });
  await page.reload();
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, 'wraps on a phone');
  t.same(complaints, []);
  t.same(foreign, []);
});

t.test('exists only in development, and only while mail is stored in memory', async (t) => {
  const smtp = await startSmtpServer(t);
  for (const settings of [
    { APP_ENV: 'testing' },
    { APP_ENV: 'production' },
    { ...development, SMTP_URL: smtp.url },
  ] as const) {
    const { client } = await createTestApp(t, settings);
    for (const url of ['/dev/mail', '/dev/mail.json']) {
      t.equal((await client().get(url)).status, 404, JSON.stringify(settings));
    }
  }
});

type Headers = Record<string, string>;

/** Requests of people who sit at another machine, or at a page of another site. */
const STRANGERS: [remoteAddress: string, headers: Headers][] = [
  ['203.0.113.7', {}],
  ['203.0.113.7', { host: '127.0.0.1:8000' }],
  ['203.0.113.7', { 'x-forwarded-for': '127.0.0.1' }],
  ['203.0.113.7', { forwarded: 'for=127.0.0.1;host=localhost' }],
  ['10.0.0.1', {}],
  ['172.17.0.1', {}],
  ['128.0.0.1', {}],
  ['::2', {}],
  ['2001:db8::1', {}],
  ['fe80::1%lo', {}],
  ['::ffff:192.168.0.4', {}],
  ['127.0.0.1', { host: 'evil.example' }],
  ['127.0.0.1', { host: 'evil.example:8000' }],
  ['127.0.0.1', { host: '203.0.113.7:8000' }],
  ['127.0.0.1', { host: '0.0.0.0:8000' }],
  ['127.0.0.1', { host: 'localhost.evil.example' }],
  ['127.0.0.1', { host: '127.0.0.1.evil.example' }],
  ['127.0.0.1', { host: '[2001:db8::1]:8000' }],
  ['::1', { host: 'evil.example' }],
  ['127.0.0.1', { 'x-forwarded-for': '203.0.113.7' }],
  ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1, 203.0.113.7' }],
  ['127.0.0.1', { 'x-forwarded-for': '203.0.113.7, 127.0.0.1' }],
  ['127.0.0.1', { 'x-forwarded-for': '203.0.113.7:4711' }],
  ['127.0.0.1', { 'x-forwarded-for': 'unknown' }],
  ['127.0.0.1', { 'x-real-ip': '203.0.113.7' }],
  ['127.0.0.1', { 'x-forwarded-host': 'evil.example' }],
  ['127.0.0.1', { forwarded: 'for=203.0.113.7' }],
  ['127.0.0.1', { forwarded: 'for="[2001:db8::1]:4711"' }],
  ['127.0.0.1', { forwarded: 'for=127.0.0.1, for=203.0.113.7' }],
  ['127.0.0.1', { forwarded: 'for=127.0.0.1;host=evil.example' }],
  ['127.0.0.1', { forwarded: 'for=_hidden' }],
];

/** Requests of the developer, perhaps through a proxy on the same machine. */
const LOCAL: [remoteAddress: string, headers: Headers][] = [
  ['127.0.0.1', {}],
  ['127.0.0.1', { host: 'localhost' }],
  ['127.0.0.1', { host: 'LocalHost:8000' }],
  ['127.0.0.1', { host: '127.0.0.1' }],
  ['127.4.5.6', { host: '127.0.0.1:65535' }],
  ['::1', { host: '[::1]:8000' }],
  ['::1', { host: '[::1]' }],
  ['::ffff:127.0.0.1', { host: 'localhost:8000' }],
  ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'localhost:3000' }],
  ['127.0.0.1', { 'x-forwarded-for': '::1, 127.0.0.1', 'x-forwarded-proto': 'http' }],
  ['127.0.0.1', { forwarded: 'for="[::1]:4711";host=localhost;proto=http, for=127.0.0.1' }],
];

t.test('answers only requests made on this machine, for this machine', async (t) => {
  const problems = new Problems();
  for (const TRUST_PROXY of ['0', '1', '127.0.0.0/8,::1']) {
    const { app, client } = await createTestApp(t, { ...development, TRUST_PROXY });
    await app.mail.send({ to: 'a@example.com', subject: 'Reset', text: 'the token' });
    for (const url of ['/dev/mail', '/dev/mail.json', '/dev/mail/', '/%64ev/mail.json?a=1']) {
      for (const [remoteAddress, headers] of STRANGERS) {
        const label = `${TRUST_PROXY} ${url} ${remoteAddress} ${JSON.stringify(headers)}`;
        const request = { method: 'GET', url, remoteAddress, headers };
        const reply = await client().request(request);
        const unknown = await client().request({ ...request, url: '/dev/unknown' });
        problems.unless(reply.status === 404, label);
        problems.unless(!reply.text.includes('the token'), label);
        problems.unless(reply.text === unknown.text, `${label}: the body of an unknown path`);
        const names = (each: typeof reply) => Object.keys(each.headers).sort().join();
        problems.unless(names(reply) === names(unknown), `${label}: the headers of one`);
      }
      for (const [remoteAddress, headers] of LOCAL) {
        const label = `${TRUST_PROXY} ${url} ${remoteAddress} ${JSON.stringify(headers)}`;
        const reply = await client().request({ method: 'GET', url, remoteAddress, headers });
        problems.unless(reply.status === 200 && reply.text.includes('the token'), label);
      }
    }
  }
  problems.assertNone(t, 'who may read mails');
});

t.test('hides that the pages exist, whatever the method', async (t) => {
  const { client } = await createTestApp(t, {
    ...development,
    CORS_ORIGINS: ['http://localhost:3000'],
  });
  const preflight = { origin: 'http://localhost:3000', 'access-control-request-method': 'GET' };
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    for (const headers of [{}, preflight]) {
      const reply = await client().request({
        method,
        url: '/dev/mail.json',
        remoteAddress: '203.0.113.7',
        headers,
      });
      t.equal(reply.status, 404, method);
      t.equal(reply.headers['allow'], undefined);
      t.equal(reply.headers['access-control-allow-origin'], undefined);
    }
  }
});

t.test('counts refused requests', async (t) => {
  const { client } = await createTestApp(t, { ...development, RATE_LIMIT: 2 });
  const statuses = [];
  for (let n = 0; n < 3; n += 1) {
    const reply = await client().get('/dev/mail', { host: 'evil.example' });
    statuses.push(reply.status);
  }
  t.same(statuses, [404, 404, 429]);
});

t.test('lets no other origin read mails', async (t) => {
  const origin = 'http://localhost:3000';
  const { client } = await createTestApp(t, { ...development, CORS_ORIGINS: [origin] });
  t.equal(
    (await client().get('/health', { origin })).headers['access-control-allow-origin'],
    origin,
  );
  for (const url of ['/dev/mail', '/dev/mail.json', '/%64ev/mail.json']) {
    const reply = await client().get(url, { origin });
    t.equal(reply.status, 200);
    t.equal(reply.headers['cross-origin-resource-policy'], 'same-origin');
    const preflight = await client().request({
      method: 'OPTIONS',
      url,
      headers: { origin, 'access-control-request-method': 'GET' },
    });
    for (const { headers } of [reply, preflight]) {
      t.same(
        Object.keys(headers).filter((name) => name.startsWith('access-control-')),
        [],
      );
    }
  }
});

t.test('refuses a name that another site resolves to this machine', async (t) => {
  const { app } = await createTestApp(t, development);
  await app.mail.send({ to: 'a@example.com', subject: 'Reset', text: 'the token' });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const ask = (target: string, host: string) =>
    new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1');
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
  t.match(await ask('/dev/mail.json', `localhost:${port}`), /^HTTP\/1.1 200 .*the token/s);
  for (const [target, host] of [
    ['/dev/mail.json', `evil.example:${port}`],
    ['http://evil.example/dev/mail.json', `evil.example:${port}`],
    ['HTTP://evil.example:80/dev/mail.json', 'evil.example'],
    [`http://localhost:${port}/dev/mail.json`, 'evil.example'],
    ['/dev/mail.json', ''],
  ] as const) {
    const text = await ask(target, host);
    t.match(text, /^HTTP\/1.1 (?:404|400) /, target);
    t.notMatch(text, 'the token');
  }
});

t.test('keeps a bounded number of bytes', async (t) => {
  const { app, client } = await createTestApp(t, development);
  for (let n = 1; n <= 60; n += 1) {
    await app.mail.send({ to: 'a@example.com', subject: `${n}`, text: '数'.repeat(20_000) });
  }
  const { text, json } = await client().get('/dev/mail.json?size=100');
  t.ok(Buffer.byteLength(text) < 1.1 * 1024 * 1024, `${Buffer.byteLength(text)} bytes`);
  t.ok(json.items.length > 10, `${json.items.length} mails`);
  t.equal(json.items[0].subject, '60', 'the newest are kept');
  for (const mail of [
    { to: 'a@example.com', subject: 'Long text', text: '\u0001'.repeat(5_000_000) },
    { to: 'a@example.com', subject: 'Long subject'.repeat(1_000_000), text: 'Text' },
  ]) {
    await app.mail.send(mail);
    const kept = await client().get('/dev/mail.json?size=100');
    t.match(kept.json.items[0].subject, /^Long/);
    t.match(kept.text, '(cut off)');
    t.ok(Buffer.byteLength(kept.text) < 1.1 * 1024 * 1024);
    t.equal(Buffer.from(kept.text).toString(), kept.text, 'no half character');
  }
});
