import type { NotificationKind } from '#schemas/notifications.js';
import { fill, type Language, notificationTemplate } from '#src/lib/messages/index.js';
import { trimEndCharacter } from '#src/lib/trim-character.js';
import { type Mail, onOneLine } from './mailer.js';

/** What a mail says of a notification. */
export interface MailedNotification {
  kind: NotificationKind;
  actor: { username: string } | null;
  project: { key: string; name: string };
  task: { number: number; summary: string } | null;
}

/** A page of the client, or an operation of the API. */
interface Destination {
  page: string;
  operation: string;
}

const INVITATIONS: Destination = {
  page: 'project-invitations',
  operation: 'GET /api/v1/me/project-invitations',
};

const NOTIFICATIONS: Destination = {
  page: 'notifications',
  operation: 'GET /api/v1/notifications?unread=true',
};

/** Returns the mail about a notification, without its recipient. */
export function composeNotification(
  language: Language,
  notification: MailedNotification,
  clientUrl: string | null,
): Omit<Mail, 'to'> {
  const what = lineOf(language, notification);
  const where = placeOf(language, destinationOf(notification), clientUrl);
  const text = fill(notificationTemplate(language, 'text'), { what, where });
  return { subject: what, text: `${text}\n` };
}

/**
 * Returns the mail that lists notifications, without its recipient.
 *
 * @param count how many there are, of which only the first ones may be given
 */
export function composeDigest(
  language: Language,
  notifications: readonly MailedNotification[],
  count: number,
  clientUrl: string | null,
): Omit<Mail, 'to'> {
  const fillIn = (name: Parameters<typeof notificationTemplate>[1], values: object) =>
    fill(notificationTemplate(language, name), { ...values });
  const more = count - notifications.length;
  const lines = [
    ...notifications.map((each) => `- ${lineOf(language, each)}`),
    ...(more > 0 ? [`- ${fillIn('more', { count: String(more) })}`] : []),
  ].join('\n');
  const where = placeOf(language, NOTIFICATIONS, clientUrl);
  return {
    subject: fillIn('digest_subject', { count: String(count) }),
    text: `${fillIn('digest_text', { lines, where })}\n`,
  };
}

/** Returns a notification as one line; names and summaries cannot break out of it. */
function lineOf(language: Language, { kind, actor, project, task }: MailedNotification): string {
  const numbered =
    task === null
      ? ''
      : fill(notificationTemplate(language, 'task'), {
          number: `${project.key}-${task.number}`,
          summary: onOneLine(task.summary),
        });
  return fill(notificationTemplate(language, kind), {
    actor: actor?.username ?? notificationTemplate(language, 'someone'),
    project: onOneLine(project.name),
    task: numbered,
  });
}

function destinationOf({ project, task }: MailedNotification): Destination {
  if (task === null) return INVITATIONS;
  return {
    page: `projects/${project.key}/tasks/${task.number}`,
    operation: `GET /api/v1/projects/key/${project.key}/tasks/${task.number}`,
  };
}

function placeOf(
  language: Language,
  { page, operation }: Destination,
  clientUrl: string | null,
): string {
  if (clientUrl === null) return fill(notificationTemplate(language, 'operation'), { operation });
  const link = `${trimEndCharacter(clientUrl, '/')}/${page}`;
  return fill(notificationTemplate(language, 'link'), { link });
}
