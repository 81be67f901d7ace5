import { emptyTrashJob } from '#src/articles/jobs/empty-trash.js';
import { reindexTagOfPosts } from '#src/articles/jobs/reindex-tag.js';
import { confirmEmailChange } from '#src/people/jobs/confirm-email-change.js';
import { confirmRegistration, resendConfirmation } from '#src/people/jobs/confirm-registration.js';
import { notice } from '#src/people/jobs/notice.js';
import { resetPassword } from '#src/people/jobs/reset-password.js';
import type { JobPayloads, TaskName } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';

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
