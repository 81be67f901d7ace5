import { type Context, systemContext } from '#src/access/context.js';
import { isMissingReference } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { Task } from '#src/queue/task.js';
import { notify } from '#src/work/services/notifications.js';
import { listDueTasks } from '#src/work/stores/due-tasks.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The number of tasks whose users are notified in one transaction. */
const BATCH = 100;

/** Notifies users of tasks that are due within a day, once for each task, user and due date. */
export const notifyDueTasks: Task<JobPayloads['notify_due_tasks']> = async (
  _payload,
  { db, clock, mail, log },
) => {
  const now = clock();
  const context: Context = { ...systemContext(db, now), canMail: mail.available };
  const until = new Date(now.getTime() + DAY_MS);
  let after: { at: string; id: number } | null = { at: now.toISOString(), id: 0 };
  let told = 0;
  while (after !== null) {
    const tasks = await listDueTasks(db, after, until, BATCH);
    const notices = tasks.map(({ id, project_id, due_at, assignee_ids }) => ({
      kind: 'due_soon' as const,
      project_id,
      task_id: id,
      due_at,
      user_ids: assignee_ids,
    }));
    const tell = () => inTransaction(context, (trx) => notify(trx, ...notices));
    // Projects are not locked: somebody may leave one meanwhile, and is left out the next time.
    told += await tell().catch((error: unknown) => {
      if (!isMissingReference(error)) throw error;
      return tell();
    });
    const last = tasks.at(-1);
    after = last === undefined || tasks.length < BATCH ? null : { at: last.due_at, id: last.id };
  }
  log.debug({ told }, 'notified users of tasks that are due soon');
};
