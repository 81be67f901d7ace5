import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { mailNotification } from '#src/work/services/notification-mails.js';

/** Sends the mail about a notification, if it is still unread and visible. */
export const mailNotificationJob: Task<JobPayloads['mail_notification']> = (payload, context) =>
  mailNotification(context, payload);
