import type { ProjectTasksBulk } from '#schemas/project-tasks.js';
import type { ActingContext } from '#src/access/context.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';
import { sentence } from '#src/lib/messages/index.js';
import type { ErrorItem } from '#src/lib/validation/index.js';
import * as store from '#src/work/stores/project-tasks.js';
import { notify } from './notifications.js';
import { lockProject } from './project-access.js';
import { write } from './project-task-changes.js';
import { notificationsOfTask } from './task-notifications.js';
import { transition } from './task-transitions.js';
import { assertKnown } from './task-values.js';

/**
 * Changes several tasks in the same way: all of them, or none.
 *
 * @throws InvalidRequest with an item for each task that is not there, or for a value that does not
 *   fit; ApiError as `lockProject`, and as `transitionTask`, with an item for each refused task
 */
export async function changeProjectTasks(
  context: ActingContext,
  projectId: number,
  { ids, changes, status, force }: ProjectTasksBulk,
): Promise<store.ProjectTaskRow[]> {
  return inTransaction(context, async (trx) => {
    const project = await lockProject(trx, projectId, 'member');
    const found = await store.findProjectTasks(trx.db, projectId, ids);
    const tasks = ids.map((id) => found.get(id));
    const missing = ids.flatMap((id, index): ErrorItem[] =>
      found.has(id) ? [] : [valueError('unknown_task', ['body', 'ids', index], id)],
    );
    if (missing.length > 0) throw new InvalidRequest(missing);
    await assertKnown(trx, projectId, changes, ['body', 'changes']);
    const changed: store.ProjectTaskRow[] = [];
    const refusals = new Map<number, ApiError | InvalidRequest>();
    for (const [index, before] of tasks.entries()) {
      if (before === undefined) continue;
      try {
        const after = await write(trx, projectId, before, changes);
        changed.push(
          status === undefined || status === after.status
            ? after
            : await transition(trx, project, after, { status, force }),
        );
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusals.set(index, error);
      }
    }
    // All of them, so that the client need not try again for each.
    if (refusals.size > 0) throw combined(context, ids, refusals);
    const notices = changed.flatMap((after) =>
      notificationsOfTask(found.get(after.id) ?? null, after),
    );
    await notify(trx, ...notices);
    return changed;
  });
}

function isRefusal(error: unknown): error is ApiError | InvalidRequest {
  return error instanceof InvalidRequest || (error instanceof ApiError && error.status === 409);
}

/** Returns the first refusal of a bulk change, with an item for each task that was refused. */
function combined(
  { language }: ActingContext,
  ids: readonly number[],
  refusals: ReadonlyMap<number, ApiError | InvalidRequest>,
): ApiError | InvalidRequest {
  const errors = [...refusals].flatMap(([index, refusal]): ErrorItem[] => {
    const place = { loc: ['body', 'ids', index], input: ids[index] };
    return refusal instanceof InvalidRequest
      ? refusal.items.map((item) => ({ ...item, ...place }))
      : [
          {
            type: refusal.code,
            msg: sentence(language, refusal.code, refusal.parameters),
            ...place,
          },
        ];
  });
  const first = [...refusals.values()].find((refusal) => refusal instanceof ApiError);
  if (first === undefined) return new InvalidRequest(errors);
  const { code, parameters } = first;
  return new ApiError(code, { parameters, errors });
}
