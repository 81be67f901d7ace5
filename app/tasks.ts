import { reindexTagOfPosts } from '#src/articles/jobs/reindex-tag.js';
import { removeOldVisits } from '#src/articles/jobs/remove-old-visits.js';
import { removeUnusedTags } from '#src/articles/jobs/remove-unused-tags.js';
import { eraseAuditEntries } from '#src/audit/erase-audit-entries.js';
import { trimAuditLog } from '#src/audit/trim-audit-log.js';
import { removeOldEvents } from '#src/live/jobs/remove-old-events.js';
import { reRenderJob } from '#src/markdown/re-render.js';
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
import { emptyTrashJob } from '#src/trash/empty-trash.js';
import { inviteToProject } from '#src/work/jobs/invite-to-project.js';
import { mailDigestJob, mailDigests } from '#src/work/jobs/mail-digests.js';
import { mailNotificationJob } from '#src/work/jobs/mail-notification.js';
import { notifyDueTasks } from '#src/work/jobs/notify-due-tasks.js';
import { removeExpiredInvitations } from '#src/work/jobs/remove-expired-invitations.js';
import { removeOldNotifications } from '#src/work/jobs/remove-old-notifications.js';
import { spaceColumnJob } from '#src/work/jobs/space-column.js';
import { reRenderers } from './re-renderers.js';
import { trashBins } from './trash-bins.js';

/** The implementation of every task, by name. */
export const tasks: { readonly [Name in TaskName]: Task<JobPayloads[Name]> } = {
  confirm_registration: confirmRegistration,
  resend_confirmation: resendConfirmation,
  confirm_email_change: confirmEmailChange,
  reset_password: resetPassword,
  empty_trash: emptyTrashJob(trashBins),
  erase_audit_entries: eraseAuditEntries,
  invite,
  invite_to_project: inviteToProject,
  mail_digest: mailDigestJob,
  mail_digests: mailDigests,
  mail_notification: mailNotificationJob,
  notice,
  notify_due_tasks: notifyDueTasks,
  reindex_tag: reindexTagOfPosts,
  re_render: reRenderJob(reRenderers),
  remove_expired_credentials: removeExpiredCredentials,
  remove_expired_invitations: removeExpiredInvitations,
  remove_old_events: removeOldEvents,
  remove_old_notifications: removeOldNotifications,
  remove_old_visits: removeOldVisits,
  remove_unused_tags: removeUnusedTags,
  remove_stored_responses: removeStoredResponses,
  remove_failed_jobs: removeFailedJobs,
  space_column: spaceColumnJob,
  trim_audit_log: trimAuditLog,
};

/**
 * Scheduled tasks, with a cron expression in UTC. One process runs each of them. The frequent ones
 * remove whatever has expired by then, so a run that was missed needs no making up.
 */
export const timetable: { readonly [Name in TaskName]?: Schedule } = {
  empty_trash: { cron: '17 3 * * *', backfill: true },
  mail_digests: { cron: '41 5 * * *' },
  notify_due_tasks: { cron: '3 * * * *' },
  re_render: { cron: '*/5 * * * *' },
  remove_expired_credentials: { cron: '7 * * * *' },
  remove_expired_invitations: { cron: '31 * * * *' },
  remove_old_events: { cron: '29 * * * *' },
  remove_old_notifications: { cron: '37 * * * *' },
  remove_old_visits: { cron: '1,11,21,31,41,51 * * * *' },
  remove_unused_tags: { cron: '17 * * * *' },
  remove_stored_responses: { cron: '13 * * * *' },
  remove_failed_jobs: { cron: '19 * * * *' },
  trim_audit_log: { cron: '23 * * * *' },
};
