import {
  MAX_KEYS_PER_PROJECT,
  MAX_PROJECTS_PER_USER,
  type ProjectCreate,
  type ProjectUpdate,
} from '#schemas/projects.js';
import type { ActingContext } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { hashOfText, record, recordDifference } from '#src/audit/audit.js';
import { lockUser } from '#src/db/lock-user.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate, InvalidRequest, valueError } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import * as store from '#src/work/stores/projects.js';
import { emitProject } from './events.js';
import { lockProject } from './project-access.js';
import { projectTag } from './projects.js';

/**
 * Creates a project, whose owner is the viewer.
 *
 * @throws InvalidRequest if the time zone is unknown; ApiError too_many_projects; duplicate if the
 *   key is or was that of a project
 */
export async function createProject(
  context: ActingContext,
  body: ProjectCreate,
): Promise<store.ProjectRow> {
  const { viewer, now } = context;
  const written = await readWritten(context, body);
  return claimingKey(written.key, () =>
    inTransaction(context, async (trx) => {
      await assertRoomForProject(trx, viewer.id);
      const created_at = now.toISOString();
      const values = { ...written, created_at, updated_at: created_at };
      const project = await store.insertProject(trx.db, viewer.id, values);
      const after = auditable(project);
      await record(trx, { action: 'project.create', id: project.id, after });
      await emitProject(trx, 'project.created', project, { after: project });
      return project;
    }),
  );
}

/**
 * Changes the given fields of a project, as one of its owners. A former key still leads to the
 * project.
 *
 * @throws InvalidRequest if the time zone is unknown; ApiError as `lockProject`;
 *   precondition_failed; duplicate if the key is or was that of another project;
 *   too_many_project_keys
 */
export async function changeProject(
  context: ActingContext,
  id: number,
  body: ProjectUpdate,
): Promise<store.ProjectRow> {
  const written = await readWritten(context, body);
  return claimingKey(written.key, () =>
    inTransaction(context, async (trx) => {
      const before = await lockForChange(trx, id);
      const changes = differences(writtenFields(before), written);
      if (Object.keys(changes).length === 0) return before;
      if (changes.key !== undefined) await claimKey(trx, id, changes.key);
      const updated_at = trx.now.toISOString();
      const values = { ...changes, updated_at };
      const after = await store.updateProject(trx.db, id, before.my_role, values);
      const states = { before: auditable(before), after: auditable(after) };
      await recordDifference(trx, { action: 'project.change', id }, states);
      await emitProject(trx, 'project.changed', after, { before, after });
      return after;
    }),
  );
}

/**
 * Archives a project, which makes it read-only, or takes it out of the archive.
 *
 * @throws ApiError as `lockProject`; precondition_failed
 */
export function archiveProject(
  context: ActingContext,
  id: number,
  isArchived: boolean,
): Promise<store.ProjectRow> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id, { whenArchived: true });
    if ((before.archived_at !== null) === isArchived) return before;
    const updated_at = trx.now.toISOString();
    const archived_at = isArchived ? updated_at : null;
    const values = { archived_at, updated_at };
    const after = await store.updateProject(trx.db, id, before.my_role, values);
    await record(trx, { action: isArchived ? 'project.archive' : 'project.unarchive', id });
    const type = isArchived ? 'project.archived' : 'project.unarchived';
    await emitProject(trx, type, after, { before, after });
    return after;
  });
}

/**
 * Moves a project with its tasks to the trash.
 *
 * @throws ApiError as `lockProject`; precondition_failed
 */
export function deleteProject(context: ActingContext, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, id, { whenArchived: true });
    const deleted_at = trx.now.toISOString();
    await store.deleteProject(trx.db, id, { deleted_at, deleted_by: trx.viewer.id });
    await record(trx, { action: 'project.delete', id, before: auditable(before) });
    await emitProject(trx, 'project.deleted', before);
  });
}

/**
 * Asserts that a user can become a member of another project. Must be called in the transaction of
 * the insert.
 *
 * @throws ApiError too_many_projects
 */
export async function assertRoomForProject(
  trx: Pick<ActingContext, 'db'>,
  userId: number,
): Promise<void> {
  // Concurrent requests could otherwise exceed the limit together.
  await lockUser(trx.db, userId);
  if (await store.hasProjects(trx.db, userId, MAX_PROJECTS_PER_USER)) {
    throw new ApiError('too_many_projects');
  }
}

async function lockForChange(
  trx: ActingContext,
  id: number,
  options: { whenArchived?: boolean } = {},
): Promise<store.ProjectRow> {
  const project = await lockProject(trx, id, 'owner', options);
  await assertUnchanged(trx, project, () => projectTag(project));
  return project;
}

/** Makes a key one of the project's, unless it has been one already. */
async function claimKey(trx: ActingContext, id: number, key: string): Promise<void> {
  const { count, has } = await store.countKeys(trx.db, id, key);
  if (has) return;
  if (count >= MAX_KEYS_PER_PROJECT) throw new ApiError('too_many_project_keys');
  await store.insertKey(trx.db, id, key);
}

async function claimingKey<T>(key: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
    throw duplicate([{ loc: ['body', 'key'], input: key }]);
  }
}

async function readWritten<T extends ProjectUpdate>({ db }: ActingContext, body: T): Promise<T> {
  const { name, time_zone } = body;
  if (time_zone !== undefined && !(await store.isTimeZone(db, time_zone))) {
    throw new InvalidRequest([valueError('unknown_time_zone', ['body', 'time_zone'], time_zone)]);
  }
  return name === undefined ? body : { ...body, name: name.trim() };
}

function writtenFields(project: store.ProjectRow): Required<ProjectUpdate> {
  const { key, name, description, time_zone, in_progress_limit, review_limit } = project;
  return { key, name, description, time_zone, in_progress_limit, review_limit };
}

/** Returns the fields for the audit log. Administrators need not be members: texts are left out. */
function auditable(project: store.ProjectRow): Record<string, unknown> {
  const { name, description, ...fields } = writtenFields(project);
  return {
    ...fields,
    name_sha256: hashOfText(name),
    description_sha256: hashOfText(description),
  };
}
