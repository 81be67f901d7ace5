import type { Context } from '#src/access/context.js';
import * as store from '#src/work/stores/tasks.js';

const DAY_MS = 24 * 60 * 60 * 1000;

interface DemoTask {
  summary: string;
  priority?: 'low' | 'high' | 'urgent';
  /** Days from today. */
  due?: number;
  isDone?: true;
}

const TASKS: DemoTask[] = [
  { summary: 'Read the guide', priority: 'high', due: 0 },
  { summary: 'Write the first post', due: 2 },
  { summary: 'Invite the team', priority: 'urgent', due: 1 },
  { summary: 'Start the service', isDone: true },
  { summary: '备份数据库', priority: 'low', due: 7 },
];

/** Inserts the demo tasks of a user. */
export async function loadDemoTasks(trx: Context, ownerId: number): Promise<void> {
  for (const [index, { summary, priority = 'normal', due, isDone }] of TASKS.entries()) {
    // Tasks of one moment would be in no order.
    const created_at = new Date(trx.now.getTime() - (TASKS.length - index) * 60_000).toISOString();
    await store.insertTask(trx.db, {
      owner_id: ownerId,
      summary,
      priority,
      due_on: due === undefined ? null : dayAfter(trx.now, due),
      completed_at: isDone ? created_at : null,
      created_at,
      updated_at: created_at,
    });
  }
}

/** Returns the day that is some days after another. */
export function dayAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY_MS).toISOString().slice(0, 10);
}
