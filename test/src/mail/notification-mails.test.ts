import t from 'tap';
import { NOTIFICATION_KINDS } from '#schemas/notifications.js';
import { composeDigest, composeNotification } from '#src/mail/notification-mails.js';

const PROJECT = { key: 'WEB', name: 'Website' };
const TASK = { number: 12, summary: 'Compare the fonts' };
const ALICE = { username: 'alice' };
const CLIENT = 'https://app.example.com/';

t.test('is complete in every language, with and without a client URL', async (t) => {
  const all = NOTIFICATION_KINDS.map((kind) => ({
    kind,
    actor: kind === 'due_soon' ? null : ALICE,
    project: PROJECT,
    task: kind === 'invited' ? null : TASK,
  }));
  for (const language of ['en', 'zh'] as const) {
    for (const clientUrl of [CLIENT, null]) {
      const mails = all.map((each) => composeNotification(language, each, clientUrl));
      for (const { subject, text } of [...mails, composeDigest(language, all, 9, clientUrl)]) {
        t.notMatch(subject + text, /[{}]|undefined|null/, 'every placeholder is replaced');
        t.notMatch(subject, /\n/);
        t.equal(/\p{Script=Han}/u.test(subject), language === 'zh', subject);
        t.equal(text.includes(CLIENT), clientUrl !== null, text);
        t.equal(text.includes('GET /api/v1/'), clientUrl === null);
      }
    }
  }
});

t.test('names the task, or nobody', async (t) => {
  const moved = { kind: 'moved', actor: null, project: PROJECT, task: TASK } as const;
  const { subject, text } = composeNotification('en', moved, null);
  t.equal(subject, 'Someone moved WEB-12 "Compare the fonts" to another column');
  t.ok(text.includes('GET /api/v1/projects/key/WEB/tasks/12'));
});

t.test('keeps values on their line, and does not interpret them as a template', async (t) => {
  const task = { number: 1, summary: 'One\r\n- {actor}\u2029two' };
  const mailed = { kind: 'commented', actor: ALICE, project: PROJECT, task } as const;
  const { subject, text } = composeDigest('en', [mailed, mailed], 2, CLIENT);
  t.equal(subject, 'Unread notifications: 2');
  const line = '- alice commented on WEB-1 "One - {actor} two"';
  t.ok(text.startsWith(`${line}\n${line}\n\n`), text);
  const project = { key: 'WEB', name: 'Line\nbreak' };
  const invited = { kind: 'invited', actor: ALICE, project, task: null } as const;
  t.equal(
    composeNotification('en', invited, null).subject,
    'alice invited you to the project "Line break"',
  );
});
