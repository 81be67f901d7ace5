import { type RawBuilder, sql } from 'kysely';
import pg from 'pg';
import type { Project, ProjectRole, ProjectSort } from '#schemas/projects.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { containing } from '#src/lib/like-pattern.js';
import { isTimeZoneName } from '#src/lib/time-zones.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

/** A project as one of its members sees it. */
export interface ProjectRow extends Project {
  version: number;
}

/** A project in a list, with its sort key. */
export type ListedProject = ProjectRow & { sort_key: string };

export interface ProjectFilter {
  /** Part of the name, in any case. */
  q?: string | undefined;
  archived?: boolean | undefined;
}

/** The values of a project that are written. */
export interface ProjectValues {
  key: string;
  name: string;
  description: string;
  time_zone: string;
  in_progress_limit: number | null;
  review_limit: number | null;
  archived_at: string | null;
  updated_at: string;
}

const COLUMNS = [
  'projects.id',
  'key',
  'name',
  'description',
  'time_zone',
  'in_progress_limit',
  'review_limit',
  'version',
  'archived_at',
  'created_at',
  'updated_at',
] as const;

const SORT_COLUMNS: Record<ProjectSort, RawBuilder<string>> = {
  name: sql`projects.searched_name`,
  created_at: sql`projects.created_at`,
  updated_at: sql`projects.updated_at`,
};

/** Whether the key is valid for this sort order, to check cursors. */
export function isProjectSortKey(key: string | number, sort: ProjectSort): boolean {
  return typeof key === 'string' && (sort === 'name' || isTimestamp(key));
}

/** Returns a slice of the projects that the user is a member of and that match the filter. */
export function listProjects(
  db: Database,
  userId: number,
  filter: ProjectFilter,
  slice: Slice<ProjectSort>,
): Promise<ListedProject[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = selectProjects(db, userId).select(column.as('sort_key')).where(matches(filter));
  return cut(found, slice, column).execute();
}

/** Counts them, like `countRows`. */
export function countProjects(
  db: Database,
  userId: number,
  filter: ProjectFilter,
): Promise<number> {
  return countRows(db, selectProjects(db, userId).where(matches(filter)));
}

/** Returns a project that the user is a member of, or null. */
export async function findProject(
  db: Database,
  userId: number,
  id: number,
): Promise<ProjectRow | null> {
  const found = selectProjects(db, userId).where('projects.id', '=', id).where(matches({}));
  return (await found.executeTakeFirst()) ?? null;
}

/** Returns the project that has or had this key, if the user is a member of it, or null. */
export async function findProjectByKey(
  db: Database,
  userId: number,
  key: string,
): Promise<ProjectRow | null> {
  const found = selectProjects(db, userId)
    .where('projects.id', '=', (eb) =>
      eb.selectFrom('project_keys').select('project_id').where('project_keys.key', '=', key),
    )
    .where(matches({}));
  return (await found.executeTakeFirst()) ?? null;
}

/**
 * Returns a project that the user is a member of, or null. It is locked until the transaction ends:
 * changes of a project, its members and its tasks come one after the other.
 *
 * @param isDeleted whether it must be in the trash, or outside
 * @param isInvited whether it is also locked, though not returned, if the user is no member yet
 */
export async function lockProject(
  trx: Database,
  userId: number,
  id: number,
  { isDeleted = false, isInvited = false }: { isDeleted?: boolean; isInvited?: boolean } = {},
): Promise<ProjectRow | null> {
  // Two statements: whoever waits for the lock must see the members of afterwards. Strangers do not
  // wait, which would tell them that the project exists.
  await sql`
    select from projects where id = ${id} and (${isInvited} or exists (
      select from project_members where project_id = ${id} and user_id = ${userId}))
    for no key update`.execute(trx);
  const found = selectProjects(trx, userId)
    .where('projects.id', '=', id)
    .where('deleted_at', isDeleted ? 'is not' : 'is', null);
  return (await found.executeTakeFirst()) ?? null;
}

/** Locks a project, also one in the trash, until the transaction ends. Returns whether it exists. */
export async function lockProjectRow(trx: Database, id: number): Promise<boolean> {
  const row = await trx
    .selectFrom('projects')
    .select('id')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether the user is a member of at least `count` projects, including deleted ones. */
export async function hasProjects(db: Database, userId: number, count: number): Promise<boolean> {
  const { rows } = await sql`
    select from project_members where user_id = ${userId} offset ${count - 1} limit 1`.execute(db);
  return rows.length > 0;
}

/** Inserts a project with its first member, its owner. @throws DatabaseError if the key is taken */
export async function insertProject(
  trx: Database,
  ownerId: number,
  values: Omit<ProjectValues, 'archived_at'> & { created_at: string },
): Promise<ProjectRow> {
  const project = await trx
    .insertInto('projects')
    .values({ ...values, searched_name: fold(values.name) })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  const { id: project_id, key, created_at: joined_at } = project;
  await trx.insertInto('project_keys').values({ key, project_id }).execute();
  await trx
    .insertInto('project_members')
    .values({ project_id, user_id: ownerId, role: 'owner', joined_at })
    .execute();
  return { ...project, my_role: 'owner' };
}

/** Changes a project. @param role the role of the viewer, which the result has */
export async function updateProject(
  trx: Database,
  id: number,
  role: ProjectRole,
  values: Partial<ProjectValues>,
): Promise<ProjectRow> {
  const { name } = values;
  const project = await trx
    .updateTable('projects')
    .set({ ...values, ...(name !== undefined && { searched_name: fold(name) }) })
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return { ...project, my_role: role };
}

/** Returns the number of keys that the project has or had, and whether this is one of them. */
export function countKeys(
  trx: Database,
  id: number,
  key: string,
): Promise<{ count: number; has: boolean | null }> {
  return trx
    .selectFrom('project_keys')
    .select(({ fn }) => [
      fn.countAll<number>().as('count'),
      sql<boolean | null>`bool_or(key = ${key})`.as('has'),
    ])
    .where('project_id', '=', id)
    .executeTakeFirstOrThrow();
}

/** @throws DatabaseError if the key is taken */
export async function insertKey(trx: Database, project_id: number, key: string): Promise<void> {
  await trx.insertInto('project_keys').values({ key, project_id }).execute();
}

/** Moves a project to the trash. */
export async function deleteProject(
  trx: Database,
  id: number,
  { deleted_at, deleted_by }: { deleted_at: string; deleted_by: number },
): Promise<void> {
  await trx.updateTable('projects').set({ deleted_at, deleted_by }).where('id', '=', id).execute();
}

/** PostgreSQL's code for a time zone that it does not know. */
const INVALID_PARAMETER = '22023';

/** Whether PostgreSQL knows a time zone by this name. Must not be called in a transaction. */
export async function isTimeZone(db: Database, name: string): Promise<boolean> {
  if (!isTimeZoneName(name)) return false;
  try {
    // The view of all names takes a hundred times as long.
    await sql`select timezone(${name}, now())`.execute(db);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === INVALID_PARAMETER) return false;
    throw error;
  }
}

function selectProjects(db: Database, userId: number) {
  return db
    .selectFrom('projects')
    .innerJoin('project_members', 'project_members.project_id', 'projects.id')
    .select(COLUMNS)
    .select('project_members.role as my_role')
    .where('project_members.user_id', '=', userId);
}

function matches({ q = '', archived }: ProjectFilter): RawBuilder<boolean> {
  const conditions = [sql`projects.deleted_at is null`];
  if (q !== '') conditions.push(sql`projects.searched_name like ${containing(fold(q))}`);
  if (archived !== undefined) {
    conditions.push(sql`projects.archived_at is ${sql.raw(archived ? 'not null' : 'null')}`);
  }
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
