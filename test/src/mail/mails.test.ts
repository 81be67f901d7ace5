import t from 'tap';
import { english } from '#src/lib/messages/english.js';
import type { MailKind } from '#src/lib/messages/index.js';
import { composeMail, type MailParameters } from '#src/mail/mails.js';

const CLIENT = 'https://app.example.com/people/';
const TOKEN = 'tok/en+1=';

function parameters(clientUrl: string | null): MailParameters {
  const access = { token: TOKEN, clientUrl };
  return {
    confirm_registration: { ...access, username: 'alice', hours: 24 },
    already_registered: { username: 'alice' },
    confirm_email_change: { ...access, hours: 24 },
    email_changed: { username: 'alice' },
    reset_password: { ...access, username: 'alice', minutes: 30 },
    invitation: { ...access, username: 'alice', days: 7 },
    project_invitation: { ...access, project: 'Website', inviter: 'alice', days: 14 },
    password_changed: { username: 'alice' },
    api_key_created: { username: 'alice', name: 'Backup' },
  };
}

const kinds = Object.keys(english.mails) as MailKind[];

t.test('is complete in every language, with and without a client URL', async (t) => {
  t.same(kinds, Object.keys(parameters(null)));
  for (const language of ['en', 'zh'] as const) {
    for (const clientUrl of [CLIENT, null]) {
      for (const kind of kinds) {
        const { subject, text } = composeMail(kind, language, parameters(clientUrl)[kind]);
        const name = `${kind} ${language} ${clientUrl}`;
        t.notMatch(subject + text, /[{}]|undefined|null/, `${name}: every placeholder is replaced`);
        t.notMatch(subject, /\n/, name);
        t.match(text, /[^\n]\n$/, name);
        t.equal(/\p{Script=Han}/u.test(subject) && /\p{Script=Han}/u.test(text), language === 'zh');
        for (const value of [
          'hours' in parameters(null)[kind] ? '24' : '',
          'username' in parameters(null)[kind] ? 'alice' : '',
        ]) {
          t.ok(text.includes(value), `${name}: ${value}`);
        }
      }
    }
  }
});

t.test('contains the token in a link, or names the operation', async (t) => {
  const link = (page: string) => `\nhttps://app.example.com/people/${page}?token=tok%2Fen%2B1%3D\n`;
  const expected = {
    confirm_registration: 'verify-email',
    confirm_email_change: 'verify-email',
    reset_password: 'reset-password',
  } as const;
  for (const [kind, page] of Object.entries(expected) as [keyof typeof expected, string][]) {
    const linked = composeMail(kind, 'en', parameters(CLIENT)[kind]).text;
    t.ok(linked.includes(link(page)), linked);
    t.notMatch(linked, 'POST ');
    const bare = composeMail(kind, 'en', parameters(null)[kind]).text;
    t.ok(bare.includes(`POST /api/v1/auth/${page}:\n${TOKEN}\n`), bare);
    t.notMatch(bare, 'http');
  }
});

t.test('keeps a value on its line, and does not interpret it as a template', async (t) => {
  const username = 'eve\r\nBcc: a@example.com\u2028{access}\u0000x';
  const { subject, text } = composeMail('password_changed', 'en', { username });
  t.equal(subject, english.mails.password_changed.subject);
  t.match(text, 'The password of your account eve Bcc: a@example.com {access} x was changed.');
  t.equal(text.trim().split(/[\r\n\u2028]/).length, 1);
  const forged = composeMail('reset_password', 'en', {
    token: 'a\nb',
    username: 'eve',
    clientUrl: null,
    minutes: 30,
  });
  t.match(forged.text, ':\na b\n');
});
