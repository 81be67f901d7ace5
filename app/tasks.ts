import { emptyTrashJob } from '#src/articles/jobs/empty-trash.js';
import { reRenderTexts } from '#src/articles/jobs/re-render.js';
import { reindexTagOfPosts } from '#src/articles/jobs/reindex-tag.js';
import { removeOldVisits } from '#src/articles/jobs/remove-old-visits.js';
import { removeUnusedTags } from '#src/articles/jobs/remove-unused-tags.js';
import { eraseAuditEntries } from '#src/audit/erase-audit-entries.js';
import { trimAuditLog } from '#src/audit/trim-audit-log.js';
import { confirmEmailChange } from '#src/people/jobs/confirm-email-change.js';
import { confirmRegistration, resendConfirmation } from '#src/people/jobs/confirm-registration.js';
import { invite } from '#src/people/jobs/invite.js';
import { notice } from '#src/people/jobs/notice.js';
import { removeExpiredCredentials } from '#src/people/jobs/remove-expired-credentials.js';
import { resetPassword } from '#src/people/jobs/reset-password.js';
import type { JobPayloads, TaskName } from '#src/queue/job-payloads.js';
import { removeFailedJobs } from '#src/queue/remove-failed-jobs.js';
import { removeStoredResponses } from '#src/queue/remove-stored-responses.js';
import type { Schedule, Task } from '#src/queue/task.js';

/** The implementation of every task, by name. */
export const tasks: { readonly [Name in TaskName]: Task<JobPayloads[Name]> } = {
  confirm_registration: confirmRegistration,
  resend_confirmation: resendConfirmation,
  confirm_email_change: confirmEmailChange,
  reset_password: resetPassword,
  empty_trash: emptyTrashJob,
  erase_audit_entries: eraseAuditEntries,
  invite,
  notice,
  reindex_tag: reindexTagOfPosts,
  re_render: reRenderTexts,
  remove_expired_credentials: removeExpiredCredentials,
  remove_old_visits: removeOldVisits,
  remove_unused_tags: removeUnusedTags,
  remove_stored_responses: removeStoredResponses,
  remove_failed_jobs: removeFailedJobs,
  trim_audit_log: trimAuditLog,
};

/**
 * Scheduled tasks, with a cron expression in UTC. One process runs each of them. The frequent ones
 * remove whatever has expired by then, so a run that was missed needs no making up.
 */
export const timetable: { readonly [Name in TaskName]?: Schedule } = {
  empty_trash: { cron: '17 3 * * *', backfill: true },
  re_render: { cron: '*/5 * * * *' },
  remove_expired_credentials: { cron: '7 * * * *' },
  remove_old_visits: { cron: '1,11,21,31,41,51 * * * *' },
  remove_unused_tags: { cron: '17 * * * *' },
  remove_stored_responses: { cron: '13 * * * *' },
  remove_failed_jobs: { cron: '19 * * * *' },
  trim_audit_log: { cron: '23 * * * *' },
};
