import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import type { Status } from '#schemas/project-tasks.js';
import type { Context } from '#src/access/context.js';
import { InvalidRequest, valueError } from '#src/errors.js';
import { enqueue } from '#src/queue/store.js';
import * as store from '#src/work/stores/positions.js';
import { emitProject } from './events.js';

/**
 * A position longer than this many characters has the column spaced anew: each task that is put at
 * the same place again makes it longer. The database takes several times as many meanwhile.
 */
const LONG_POSITION = 40;

/** The longest position that the database takes. */
const MAX_POSITION = 200;

/** A task that is being moved. */
interface MovedTask {
  id: number;
  status: Status;
  position: string;
}

/** The positions between which a task is put; null at an end of the column. */
type Place = [after: string | null, before: string | null];

/**
 * Returns a position in a column. The project must be locked, so that no two tasks get the same.
 *
 * @param afterId the task after which it is; null for the first; undefined for the last
 * @param moved the task that is being moved; it keeps its position if it is at this place already
 * @throws InvalidRequest if the column has no such task
 */
export async function positionAfter(
  trx: Context,
  projectId: number,
  status: Status,
  afterId: number | null | undefined,
  moved: MovedTask | null,
): Promise<string> {
  const others = { projectId, status, exceptId: moved?.id ?? null };
  const find = () => findPlace(trx, others, afterId);
  const place = await find();
  if (moved?.status === status && isWithin(moved.position, place)) return moved.position;
  const position = generateKeyBetween(...place);
  if (position.length <= LONG_POSITION) return position;
  if (position.length <= MAX_POSITION) {
    const key = `space_column ${projectId} ${status}`;
    await enqueue(trx.db, 'space_column', { projectId, status }, { key });
    return position;
  }
  await spaceColumn(trx, projectId, status);
  return generateKeyBetween(...(await find()));
}

/** Returns the last position in a column. The project must be locked. */
export function lastPosition(trx: Context, projectId: number, status: Status): Promise<string> {
  return positionAfter(trx, projectId, status, undefined, null);
}

/**
 * Gives all tasks of a column short positions, in the same order. The project must be locked. Its
 * members are told to read the board again.
 */
export async function spaceColumn(trx: Context, projectId: number, status: Status): Promise<void> {
  const ids = await store.listColumn(trx.db, { projectId, status });
  if (ids.length === 0) return;
  await store.updatePositions(trx.db, ids, generateNKeysBetween(null, null, ids.length));
  await emitProject(trx, 'project.reordered', { id: projectId, version: null });
}

async function findPlace(
  { db }: Context,
  others: store.Others,
  afterId: number | null | undefined,
): Promise<Place> {
  if (afterId === undefined) return [await store.findLastPosition(db, others), null];
  const after = afterId === null ? null : await store.findPosition(db, others, afterId);
  if (afterId !== null && after === null) {
    throw new InvalidRequest([valueError('not_in_column', ['body', 'after_id'], afterId)]);
  }
  return [after, await store.findFirstPosition(db, others, after)];
}

function isWithin(position: string, [after, before]: Place): boolean {
  return (after === null || position > after) && (before === null || position < before);
}
