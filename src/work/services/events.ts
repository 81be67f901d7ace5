import type { EventType } from '#schemas/events.js';
import type { RelationOfTasks } from '#schemas/task-relations.js';
import type { Context } from '#src/access/context.js';
import { hasScope, type Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import type { EventAudience, EventPolicy } from '#src/events/event-policy.js';
import { emit } from '#src/events/events.js';
import { findAudiences, type ProjectAudience } from '#src/work/stores/project-members.js';
import type { ProjectTaskRow } from '#src/work/stores/project-tasks.js';
import type { TaskCommentRow } from '#src/work/stores/task-comments.js';
import type { TaskHead } from '#src/work/stores/task-relations.js';
import type { TaskRow } from '#src/work/stores/tasks.js';
import type { TaskKey } from './task-access.js';

/** Emits events of personal tasks. @param tasks `after` is left out if the task is gone */
export function emitTasks(
  trx: Context,
  type: EventType,
  ownerId: number,
  ...tasks: { id: number; before?: TaskRow; after?: TaskRow }[]
): Promise<void> {
  const topics = [`user:${ownerId}`] as const;
  const events = tasks.map(({ id, before, after }) => ({
    type,
    resourceId: id,
    version: after?.version ?? null,
    topics,
    isPublic: false,
    userId: ownerId,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }));
  return emit(trx, ...events);
}

/** A change of a task of a project. `after` is left out if the task is gone from sight. */
interface ProjectTaskChange {
  id: number;
  before?: ProjectTaskRow;
  after?: ProjectTaskRow;
}

/** Emits events of tasks of a project. */
export function emitProjectTasks(
  trx: Context,
  type: EventType,
  projectId: number,
  ...tasks: ProjectTaskChange[]
): Promise<void> {
  const events = tasks.map(({ id, before, after }) => ({
    type,
    resourceId: id,
    version: after?.version ?? null,
    topics: [`project:${projectId}`, `task:${id}`] as const,
    isPublic: false,
    userId: null,
    projectId,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }));
  return emit(trx, ...events);
}

/** Emits an event that two tasks of a project are related, or no longer so. */
export function emitRelation(
  trx: Context,
  type: EventType,
  projectId: number,
  { id, version }: TaskHead,
  relation: RelationOfTasks,
): Promise<void> {
  const { task_id, other_id } = relation;
  return emit(trx, {
    type,
    resourceId: id,
    version,
    topics: [`project:${projectId}`, `task:${task_id}`, `task:${other_id}`],
    isPublic: false,
    userId: null,
    projectId,
    after: { relation },
  });
}

/** Emits an event of a comment on a task. `after` is left out if the comment is gone. */
export function emitTaskComment(
  trx: Context,
  type: EventType,
  { id: projectId, task_id }: TaskKey,
  { id, before, after }: { id: number; before?: TaskCommentRow; after?: TaskCommentRow },
): Promise<void> {
  return emit(trx, {
    type,
    resourceId: id,
    version: after?.version ?? null,
    topics: [`project:${projectId}`, `task:${task_id}`],
    isPublic: false,
    userId: null,
    projectId,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  });
}

/**
 * Emits an event of a project.
 *
 * @param states the project, or a member of it, before and after the change
 */
export function emitProject(
  trx: Context,
  type: EventType,
  { id, version }: { id: number; version: number | null },
  states: { before?: object; after?: object } = {},
): Promise<void> {
  return emit(trx, {
    type,
    resourceId: id,
    version,
    topics: [`project:${id}`],
    isPublic: false,
    userId: null,
    projectId: id,
    ...states,
  });
}

type Audiences = ReadonlyMap<number, ProjectAudience>;

async function loadAudiences(
  db: Database,
  events: readonly EventAudience[],
  { hasTasks }: { hasTasks: boolean },
): Promise<Audiences> {
  const inProjects = events.filter(({ projectId }) => projectId !== null);
  if (inProjects.length === 0) return new Map();
  const projectIds = new Set(inProjects.map(({ projectId }) => projectId ?? 0));
  const taskIds = new Set(hasTasks ? inProjects.map(({ resourceId }) => resourceId) : []);
  return findAudiences(db, [...projectIds], [...taskIds]);
}

/** Returns the audience that the viewer belongs to; null otherwise. */
function audienceOf(
  viewer: Viewer | null,
  { projectId }: EventAudience,
  audiences: Audiences,
): ProjectAudience | null {
  if (viewer === null || projectId === null || !hasScope(viewer, 'projects:read')) return null;
  const audience = audiences.get(projectId);
  return audience?.memberIds.has(viewer.id) ? audience : null;
}

/**
 * Who may see the events of projects: those who are members now. Nobody is shown fields of what is in
 * the trash.
 */
export const projectEvents: EventPolicy<Audiences> = {
  load: (db, events) => loadAudiences(db, events, { hasTasks: false }),
  visiblePart(viewer, event, audiences) {
    const audience = audienceOf(viewer, event, audiences);
    if (audience === null) return null;
    return audience.isDeleted && event.hasChanges ? null : 'all';
  },
};

/** Who may see the events of tasks: their owner, or the members of their project. */
export const taskEvents: EventPolicy<Audiences> = {
  load: (db, events) => loadAudiences(db, events, { hasTasks: true }),
  visiblePart(viewer, event, audiences) {
    if (event.projectId === null) {
      const isOwner = viewer !== null && viewer.id === event.userId;
      return isOwner && hasScope(viewer, 'tasks:read') ? 'all' : null;
    }
    const audience = audienceOf(viewer, event, audiences);
    if (audience === null || (audience.isDeleted && event.hasChanges)) return null;
    return audience.taskIds.has(event.resourceId) || !event.hasChanges ? 'all' : 'head';
  },
};
