import { sql } from 'kysely';
import { STATUSES, type Status } from '#schemas/project-tasks.js';
import type { Database } from '#src/db/database.js';
import { matches, type ProjectTaskSummaryRow, SUMMARY } from './project-tasks.js';

/** A column of a board, with its first tasks in their order. */
export interface Column {
  status: Status;
  count: number;
  tasks: ProjectTaskSummaryRow[];
}

/** Returns the columns of a board that have tasks, each with at most `most` of them. */
export async function readColumns(
  db: Database,
  projectId: number,
  most: number,
): Promise<Column[]> {
  const parts = STATUSES.map((status) => {
    const isIn = matches(projectId, { status });
    const count = db
      .selectFrom('tasks')
      .where(isIn)
      .select(({ fn }) => fn.countAll().as('count'));
    const first = db
      .selectFrom('tasks')
      .select(SUMMARY)
      .select(sql<number>`(${count})`.as('column_count'))
      .where(isIn)
      .orderBy('position')
      .orderBy('tasks.id')
      .limit(sql.lit(most));
    return db.selectFrom(first.as('first')).selectAll();
  });
  const [first, ...others] = parts;
  if (first === undefined) return [];
  const rows = await others
    .reduce((all, part) => all.unionAll(part), first)
    .$castTo<ProjectTaskSummaryRow & { column_count: number }>()
    .execute();
  const columns = new Map<Status, Column>();
  for (const { column_count: count, ...task } of rows) {
    const column = columns.get(task.status) ?? { status: task.status, count, tasks: [] };
    column.tasks.push(task);
    columns.set(task.status, column);
  }
  return [...columns.values()];
}
