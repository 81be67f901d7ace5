import type { Page } from '#schemas/paging.js';
import { MAX_TASK_HITS, type TaskSearchHit, type TaskSearchQuery } from '#schemas/task-search.js';
import type { ActingContext } from '#src/access/context.js';
import { hasScope } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { nearestPage, resultPage, type SearchContext } from '#src/lists/searches.js';
import { markedHtml, rangedText, snippetHtml } from '#src/search/highlight.js';
import { askedRuns, canonicalQuery } from '#src/search/search-queries.js';
import * as store from '#src/work/stores/task-search.js';
import type { TaskOwner } from '#src/work/stores/task-vectors.js';

/**
 * Returns a page of the tasks and comments that match the query and are visible to the viewer:
 * those of the viewer's projects, and personal tasks if the credential allows to read them.
 *
 * @throws ApiError too_busy if too many are searching
 */
export async function searchTasks(
  context: ActingContext & SearchContext,
  { page, size, project_id: projectId, ...query }: TaskSearchQuery,
): Promise<Page<TaskSearchHit>> {
  const { db, viewer, runSearch } = context;
  const filter = { ...query, q: canonicalQuery(query.q), userId: viewer.id };
  const nearest = nearestPage(page, size, MAX_TASK_HITS);
  const slice = { limit: size, offset: (nearest - 1) * size };
  const { total, rows } = await runSearch(db, async (connection) => {
    const owners = await findOwners({ ...context, db: connection }, projectId);
    if (owners.length === 0) return { total: 0, rows: [] };
    return store.searchTasks(connection, { ...filter, owners }, slice);
  });
  const runs = askedRuns(filter.q);
  const items = rows.map((row) => toHit(row, runs));
  return resultPage(items, total, { page, size });
}

/** Returns what the viewer may search: everything, or a project. */
async function findOwners(
  { db, viewer }: { db: Database } & Pick<ActingContext, 'viewer'>,
  projectId: number | undefined,
): Promise<TaskOwner[]> {
  const projects = await store.findSearchedProjects(db, viewer.id);
  if (projectId !== undefined)
    return projects.includes(projectId) ? [{ project_id: projectId }] : [];
  const owners: TaskOwner[] = projects.map((id) => ({ project_id: id }));
  return hasScope(viewer, 'tasks:read') ? [...owners, { owner_id: viewer.id }] : owners;
}

function toHit(row: store.TaskSearchRow, runs: string[]): TaskSearchHit {
  const { type, passage, comment_id, created_at, project_id: id } = row;
  const { project_key: key, project_name: name } = row;
  const summary = rangedText(row.summary, runs);
  const part = rangedText(passage, runs);
  return {
    type,
    project: id === null || key === null || name === null ? null : { id, key, name },
    task: { id: row.task_id, number: row.number, summary: summary.text, status: row.status },
    comment_id,
    summary_html: markedHtml(summary.text, summary.ranges),
    snippet_html: snippetHtml(part.text, part.ranges, passage),
    created_at,
  };
}
