import type { JobPayloads, TaskName } from '../lib/job-payloads.js';
import { notice } from './notice.js';
import type { Task } from './task.js';

/** The work of every task, by its name. */
export const tasks: { readonly [Name in TaskName]: Task<JobPayloads[Name]> } = { notice };
