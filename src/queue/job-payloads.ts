import type { Status } from '#schemas/project-tasks.js';
import type { Language } from '#src/lib/messages/index.js';

/** Payload of a scheduled job. */
type NoPayload = Record<string, never>;

/**
 * Payloads by task. A payload is stored in the database until the job is done, so it must not
 * contain secrets. A job may run twice, and its code may have changed by the time it runs.
 *
 * Email addresses are called `email` or `to`, and users `userId`: by these names the jobs of a
 * deleted user are found. Of waiting jobs with the same task, `email` and `network`, only the newest
 * is kept.
 */
export interface JobPayloads {
  /** Sends the mail that confirms a registration. */
  confirm_registration: { id: number; language: Language };
  /**
   * Sends it again for registrations with this email address, those from the network first.
   * `network` is a hash in hexadecimal, null if unknown.
   */
  resend_confirmation: { email: string; network?: string | null; language: Language };
  /** Sends the mail that confirms a user's new email address. */
  confirm_email_change: {
    userId: number;
    email: string;
    /** Time of the request; nothing is sent if the password has changed since. */
    requestedAt: string;
    language: Language;
  };
  /** Sends a mail for setting a new password to the user with this email address. */
  reset_password: { email: string; language: Language };
  /** Sends the invitation of a user without a password. */
  invite: { userId: number; email: string; language: Language };
  /** Sends the mail of an invitation to a project. */
  invite_to_project: { invitationId: number; to: string; language: Language };
  /** Sends the mail about a notification. */
  mail_notification: { notificationId: number; userId: number };
  /** Sends a user the daily mail about unread notifications. */
  mail_digest: { userId: number };
  /** Adds the jobs above for users with ids beyond `after`, some at a time. Runs daily. */
  mail_digests: { after?: number };
  /** Notifies users of tasks that are due soon. Runs hourly. */
  notify_due_tasks: NoPayload;
  /** Deletes old notifications. Runs hourly. */
  remove_old_notifications: NoPayload;
  /** Gives the tasks of a column of a board short positions again. */
  space_column: { projectId: number; status: Status };
  /** Deletes expired invitations to projects. Runs hourly. */
  remove_expired_invitations: NoPayload;
  /** Purges expired posts and comments from the trash. Runs nightly. */
  empty_trash: NoPayload;
  /**
   * Deletes expired sessions, tokens, devices, registrations and throttles. Runs hourly, like the
   * others below unless they say otherwise.
   */
  remove_expired_credentials: NoPayload;
  /** Deletes events beyond the retention period. */
  remove_old_events: NoPayload;
  /** Deletes old visits of posts. Runs every ten minutes. */
  remove_old_visits: NoPayload;
  /** Deletes tags that posts created and no post has any more. */
  remove_unused_tags: NoPayload;
  /** Deletes stored responses whose `Idempotency-Key` has expired. */
  remove_stored_responses: NoPayload;
  /** Deletes jobs that failed permanently long ago. */
  remove_failed_jobs: NoPayload;
  /**
   * Re-renders texts that an older version of the renderer has stored. Runs every five minutes, and
   * again while some are left.
   */
  re_render: NoPayload;
  /** Removes entries of the audit log whose retention period is over. */
  trim_audit_log: NoPayload;
  /** Erases the personal data of a deleted user from entries of the audit log beyond `after`. */
  erase_audit_entries: { userId: number; after: number };
  /** Notifies a user of a change to their account. */
  notice: { userId: number; to: string; username: string; language: Language } & (
    | { kind: 'password_changed' | 'email_changed' }
    /** With the name of the key. */
    | { kind: 'api_key_created'; name: string }
  );
  /** Updates the search index after a tag changed; `words` are its former `search_words`. */
  reindex_tag: { tagId: number; words: string };
}

export type TaskName = keyof JobPayloads;
