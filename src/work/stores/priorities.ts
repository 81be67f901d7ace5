import { sql } from 'kysely';
import { PRIORITIES } from '#schemas/tasks.js';

/** SQL for the number of a task's priority, 1 for the lowest. */
export const priorityOrder = sql<number>`array_position(
  array[${sql.join(PRIORITIES.map((each) => sql.lit(each)))}], tasks.priority)`;
