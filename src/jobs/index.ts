import type { JobPayloads, TaskName } from '../lib/job-payloads.js';
import { confirmEmailChange } from './confirm-email-change.js';
import { confirmRegistration, resendConfirmation } from './confirm-registration.js';
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
  notice,
  reindex_tag: reindexTagOfPosts,
};
