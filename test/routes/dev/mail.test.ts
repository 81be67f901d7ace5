import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { noBrowser, visit } from '#test/support/browser.js';
import { startSmtpServer } from '#test/support/smtp.js';

const development = { APP_ENV: 'development' } as const;

t.test('lists mails, newest first, with escaped HTML', async (t) => {
  const { app, client, clock } = await createTestApp(t, development);
  const anyone = client();
  t.match((await anyone.get('/dev/mail')).text, 'There is none yet.');
  t.same((await anyone.get('/dev/mail.json')).json, { mails: [] });

  await app.mail.send({ to: 'a@example.com', subject: 'First', text: 'Text' });
  await app.mail.send({
    to: "o'b&b@example.com",
    subject: '<script>alert("1")</script>',
    text: '</pre><img src=x onerror=alert(1)>\nhttps://app.example.com/?a=1&b="><b>\njavascript:alert(1)',
  });
  const { mails } = (await anyone.get('/dev/mail.json')).json;
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
