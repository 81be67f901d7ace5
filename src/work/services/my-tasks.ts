import type { MyTask, MyTaskListQuery, MyTaskView } from '#schemas/my-tasks.js';
import type { Page } from '#schemas/paging.js';
import type { ActingContext } from '#src/access/context.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/work/stores/my-tasks.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Returns a page of the work of the viewer, over all projects that are not archived.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export function listMyTasks(
  { db, viewer, now }: ActingContext,
  { view, days, status, ...request }: MyTaskListQuery,
): Promise<Page<MyTask>> {
  const as = view === 'watched' ? 'watcher' : 'assignee';
  const filter = { as, status, ...dueIn(view, now, days) } as const;
  return readPage(request, {
    list: (slice) => store.listMyTasks(db, viewer.id, filter, slice),
    count: () => store.countMyTasks(db, viewer.id, filter),
    sortKey: ({ sort_key }) => sort_key,
    isSortKey: store.isMyTaskSortKey,
  });
}

function dueIn(
  view: MyTaskView,
  now: Date,
  days: number,
): Pick<store.MyTaskFilter, 'dueFrom' | 'dueBefore'> {
  if (view === 'overdue') return { dueBefore: now };
  if (view === 'due') return { dueFrom: now, dueBefore: new Date(now.getTime() + days * DAY_MS) };
  return {};
}
