import type { JobPayloads, TaskName } from '../lib/job-payloads.js';
import { confirmEmailChange } from './confirm-email-change.js';
import { confirmRegistration, resendConfirmation } from './confirm-registration.js';
import { emptyTrashJob } from './empty-trash.js';
import { notice } from './notice.js';
import { reindexTagOfPosts } from './reindex-tag.js';
import { resetPassword } from './reset-password.js';
import type { Task } from './task.js';

/** The work of every task, by its name. */
export const tasks: { readonly [Name in TaskName]: Task<JobPayloads[Name]> } = {
  confirm_registration: confirmRegistration,
  resend_confirmation: resendConfirmation,
  confirm_email_change: confirmEmailChange,
  reset_password: resetPassword,
  empty_trash: emptyTrashJob,
  notice,
  reindex_tag: reindexTagOfPosts,
};

/** What runs by the clock, in UTC, whichever process is there: the time as cron writes it. */
export const timetable: { readonly [Name in TaskName]?: string } = {
  empty_trash: '17 3 * * *',
};
