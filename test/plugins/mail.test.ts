import { createServer } from 'node:net';
import t from 'tap';
import { MailError } from '#src/mail/mailer.js';
import { Outbox } from '#src/mail/outbox.js';
import { createTestApp } from '#test/support/app.js';
import { startSmtpServer } from '#test/support/smtp.js';

const MAIL = { to: 'alice@example.com', subject: 'A subject', text: 'A text.\n' };

t.test('delivers a mail unchanged over SMTP', async (t) => {
  const smtp = await startSmtpServer(t);
  const { app } = await createTestApp(t, {
    SMTP_URL: smtp.url,
    MAIL_FROM: 'The Althing <althing@example.org>',
  });
  t.equal(app.mail.available, true);
  t.equal(app.outbox, null);
  await app.mail.send(MAIL);
  await app.mail.send({
    ...MAIL,
    to: 'wang@例子.example',
    subject: '您的密码',
    text: '第一行\n二\n',
  });
  const [plain, chinese] = smtp.mails;
  t.match(plain, {
    from: 'althing@example.org',
    to: ['alice@example.com'],
    text: 'A text.\r\n',
    headers: {
      from: 'The Althing <althing@example.org>',
      to: 'alice@example.com',
      subject: 'A subject',
      date: /\d{4} \d\d:\d\d:\d\d/,
      'message-id': /^<[^@>]+@example\.org>$/,
      'content-type': 'text/plain; charset=utf-8',
      'auto-submitted': 'auto-generated',
    },
  });
  t.match(chinese?.headers['subject'], /^=\?UTF-8\?/);
  t.match(chinese?.text, /^第一行\r?\n二\r?\n$/);
  await app.mail.send({ ...MAIL, to: 'a＠example.net@example.com' });
  t.same(smtp.mails[2]?.to, ['a＠example.net@example.com']);
});

t.test('prevents values from adding a header, a recipient or another mail', async (t) => {
  const smtp = await startSmtpServer(t);
  const { app } = await createTestApp(t, { SMTP_URL: smtp.url });
  for (const to of [
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com, b@example.com',
    'a@example.com;b@example.com',
    'group: a@example.com',
    'A <a@example.com>',
    '"a b"@example.com',
    'a@example.com ',
    'a@b@example.com',
    'a@example.com\u2028b@example.com',
    'a@example.com＠example.org',
    'a＠example.com',
    'a@example.com\u3002',
    '\ufeffa@example.com',
    'a@☃.example',
    'a@EXAMPLE.com',
    'a@xn--bcher-kva.example',
    'nobody',
    '',
  ]) {
    await t.rejects(app.mail.send({ ...MAIL, to }), MailError, encodeURI(to));
  }
  t.equal(smtp.attempts, 0);

  await app.mail.send({
    ...MAIL,
    subject: 'One\r\nBcc: b@example.com\r\n\r\nTwo\u2028',
    text: '.\r\nQUIT\r\n',
  });
  const [mail] = smtp.mails;
  t.equal(mail?.headers['subject'], 'One Bcc: b@example.com Two');
  t.notOk('bcc' in (mail?.headers ?? {}));
  t.same(mail?.to, ['alice@example.com']);
  t.equal(mail?.text, '.\r\nQUIT\r\n');
});

t.test('reports failures without personal data', async (t) => {
  const smtp = await startSmtpServer(t, {
    onRcptTo({ address }, _session, callback) {
      const refusal = Object.assign(new Error(`<${address}> is unknown`), { responseCode: 550 });
      callback(address.startsWith('alice') ? refusal : null);
    },
    authOptional: true,
    allowInsecureAuth: true,
    onAuth(_auth, _session, callback) {
      callback(new Error('wrong password'));
    },
  });
  const messageOf = async (url: string, to: string) => {
    const { app } = await createTestApp(t, { SMTP_URL: url });
    try {
      await app.mail.send({ ...MAIL, to });
      return 'sent';
    } catch (error) {
      t.ok(error instanceof MailError);
      t.notMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /alice@|s3cret/);
      return (error as Error).message;
    }
  };
  t.equal(await messageOf(smtp.url, MAIL.to), 'The mail server did not take the mail (550).');
  smtp.refusals.push({ code: 451, message: 'later, bob@example.com' });
  t.equal(
    await messageOf(smtp.url, 'bob@example.com'),
    'The mail server did not take the mail (451).',
  );
  t.match(
    await messageOf(smtp.url.replace('//', '//alice:s3cret@'), 'bob@example.com'),
    'The mail server refused the login (535).',
  );
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', () => resolve()));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  t.match(
    await messageOf(`smtp://127.0.0.1:${port}`, MAIL.to),
    /^The mail server cannot be reached \(E\w+\)\.$/,
  );
});

t.test('keeps the last hundred mails in memory without a mail server', async (t) => {
  for (const APP_ENV of ['development', 'testing'] as const) {
    const { app, clock } = await createTestApp(t, { APP_ENV });
    t.ok(app.outbox instanceof Outbox);
    t.equal(app.mail, app.outbox);
    t.equal(app.mail.available, true);
    for (let n = 1; n <= 103; n += 1) {
      clock.advance(1000);
      await app.mail.send({ ...MAIL, subject: `${n}` });
    }
    t.equal(app.outbox?.mails.length, 100);
    t.match(app.outbox?.mails[0], { ...MAIL, subject: '103', sent_at: clock.read().toISOString() });
    t.match(app.outbox?.mails[99], { subject: '4' });
    await t.rejects(app.mail.send({ ...MAIL, to: 'a@example.com\nb' }), MailError);
  }
});

t.test('sends nothing in production without a mail server, and says so', async (t) => {
  const { app } = await createTestApp(t, { APP_ENV: 'production' });
  t.equal(app.mail.available, false);
  t.equal(app.outbox, null);
  await t.rejects(app.mail.send(MAIL), {
    name: 'MailError',
    message: 'SMTP_URL is not set: this service cannot send mail.',
  });
  const smtp = await startSmtpServer(t);
  const { app: set } = await createTestApp(t, { APP_ENV: 'production', SMTP_URL: smtp.url });
  t.equal(set.mail.available, true);
  await set.mail.send(MAIL);
  t.equal(smtp.mails.length, 1);
});
