import type { Language } from './messages/index.js';

/**
 * Every task, with what a job of it is given. A payload stands in the database until the job is
 * done: it has no secret in it. A job may have to run twice, and after its code has changed.
 */
export interface JobPayloads {
  /** Tells somebody what happened to their account. */
  notice: {
    kind: 'password_changed' | 'email_changed';
    to: string;
    username: string;
    language: Language;
  };
}

export type TaskName = keyof JobPayloads;
