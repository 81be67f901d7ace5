import { sql } from 'kysely';
import type { Status } from '#schemas/project-tasks.js';
import type { Database } from '#src/db/database.js';
import { matches } from './project-tasks.js';

/** A column of a board. */
export interface Column {
  projectId: number;
  status: Status;
}

/** A column, without a task that is being moved. */
export type Others = Column & { exceptId: number | null };

/** Returns the position of a task in a column, or null. */
export async function findPosition(
  db: Database,
  column: Others,
  id: number,
): Promise<string | null> {
  const row = await positions(db, column).where('id', '=', id).executeTakeFirst();
  return row?.position ?? null;
}

/** Returns the first position of a column, or the first after another; null if there is none. */
export async function findFirstPosition(
  db: Database,
  column: Others,
  after: string | null,
): Promise<string | null> {
  const row = await positions(db, column)
    .$if(after !== null, (query) => query.where('position', '>', after))
    .orderBy('position')
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? null;
}

/** Returns the last position of a column; null if it is empty. */
export async function findLastPosition(db: Database, column: Others): Promise<string | null> {
  const row = await positions(db, column).orderBy('position', 'desc').limit(1).executeTakeFirst();
  return row?.position ?? null;
}

/** Returns the ids of the tasks of a column, in their order. */
export async function listColumn(db: Database, { projectId, status }: Column): Promise<number[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('id')
    .where(matches(projectId, { status }))
    .orderBy('position')
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Gives tasks other positions. @param positions one for each of the tasks */
export async function updatePositions(
  trx: Database,
  ids: readonly number[],
  positions: readonly string[],
): Promise<void> {
  await sql`
    update tasks set position = moved.position
    from unnest(${ids}::integer[], ${positions}::text[]) as moved (id, position)
    where tasks.id = moved.id`.execute(trx);
}

function positions(db: Database, { projectId, status, exceptId }: Others) {
  return db
    .selectFrom('tasks')
    .select('position')
    .where(matches(projectId, { status }))
    .$if(exceptId !== null, (query) => query.where('id', '<>', exceptId));
}
