import type { Page } from '#schemas/paging.js';
import type { ProjectListQuery } from '#schemas/projects.js';
import type { ActingContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/work/stores/projects.js';

/**
 * Returns a page of the projects that the viewer is a member of and that match the query.
 *
 * @throws InvalidRequest if the cursor is invalid
 */
export function listProjects(
  { db, viewer }: ActingContext,
  { page, size, cursor, sort, ...filter }: ProjectListQuery,
): Promise<Page<store.ProjectRow>> {
  return readPage(
    { page, size, cursor, sort },
    {
      list: (slice) => store.listProjects(db, viewer.id, filter, slice),
      count: () => store.countProjects(db, viewer.id, filter),
      sortKey: ({ sort_key }) => sort_key,
      isSortKey: store.isProjectSortKey,
    },
  );
}

/** Returns the project that has or had this key. @throws ApiError not_found */
export async function readProjectByKey(
  { db, viewer }: ActingContext,
  key: string,
): Promise<store.ProjectRow> {
  const project = await store.findProjectByKey(db, viewer.id, key);
  if (project === null) throw new ApiError('not_found');
  return project;
}

/** Returns the entity tag, which depends on the role of the viewer, too. */
export function projectTag({ version, my_role }: store.ProjectRow): string {
  return entityTag(version, my_role);
}
