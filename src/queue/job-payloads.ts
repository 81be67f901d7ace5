import type { Language } from '#src/lib/messages/index.js';

/** What a job of the timetable is given. */
type NoPayload = Record<string, never>;

/**
 * Every task, with what a job of it is given. A payload stands in the database until the job is
 * done: it has no secret in it. A job may have to run twice, and after its code has changed.
 */
export interface JobPayloads {
  /** Sends the mail that confirms a registration. */
  confirm_registration: { id: number; language: Language };
  /** The same again, for whoever has registered with this address. */
  resend_confirmation: { email: string; language: Language };
  /** Sends the mail that makes an address that of a user. */
  confirm_email_change: {
    userId: number;
    email: string;
    /** With the password of then; if that was changed since, nothing is sent. */
    requestedAt: string;
    language: Language;
  };
  /** Sends the mail with which whoever has this address sets a new password. */
  reset_password: { email: string; language: Language };
  /** Purges posts and comments whose time in the trash is over. Runs every night. */
  empty_trash: NoPayload;
  /** Deletes expired sessions, tokens, registrations and throttles. Runs every hour, as do the next. */
  remove_expired_credentials: NoPayload;
  /** Deletes old visits of posts. */
  remove_old_visits: NoPayload;
  /** Deletes the responses that an `Idempotency-Key` no longer replays. */
  remove_stored_responses: NoPayload;
  /** Deletes jobs that failed for good long ago. */
  remove_failed_jobs: NoPayload;
  /** Tells somebody what happened to their account. */
  notice: {
    kind: 'password_changed' | 'email_changed';
    to: string;
    username: string;
    language: Language;
  };
  /** Lets posts be found by the new name of a tag; `words` are its `search_words` until now. */
  reindex_tag: { tagId: number; words: string };
}

export type TaskName = keyof JobPayloads;
