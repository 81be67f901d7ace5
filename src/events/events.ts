import { isDeepStrictEqual } from 'node:util';
import {
  type EventResource,
  type EventType,
  MAX_CHANGES_BYTES,
  MAX_FIELD_BYTES,
} from '#schemas/events.js';
import type { Context } from '#src/access/context.js';
import type { Database } from '#src/db/database.js';
import { resourceOf, storedFields } from './fields.js';
import * as store from './store.js';

/** What an event belongs to, as it is stored: `me` is that of a user. */
export type StoredTopic = 'posts' | `${EventResource | 'project' | 'user'}:${number}`;

/** Fields of a resource as in a response. */
type Fields = object;

export interface NewEvent {
  type: EventType;
  resourceId: number;
  /** The version after the change; null if the resource is gone. */
  version: number | null;
  /** All that the event belongs to. */
  topics: readonly [StoredTopic, ...StoredTopic[]];
  /** Whether everyone may see the event. */
  isPublic: boolean;
  /** The author or owner of the resource, or null. */
  userId: number | null;
  /** The project that the resource belongs to: its history is kept. Null or left out without one. */
  projectId?: number | null;
  /** The resource before and after the change; left out if it did not exist or is gone. */
  before?: Fields;
  after?: Fields;
}

/** Maximum number of events that are deleted at once. */
const BATCH = 5000;

/**
 * Writes events with a single statement. Must be called in the transaction of the change itself, so
 * that neither exists without the other. Live clients get them after the commit, in the order of
 * their ids.
 */
export async function emit(
  { db, viewer, now, clientId }: Pick<Context, 'db' | 'viewer' | 'now' | 'clientId'>,
  ...events: NewEvent[]
): Promise<void> {
  const rows = events.map((event) => {
    const { type, resourceId, version, topics, isPublic, userId, projectId = null } = event;
    return {
      at: now.toISOString(),
      type,
      topics: [...topics],
      resource_id: resourceId,
      version,
      is_public: isPublic,
      user_id: userId,
      actor_id: viewer?.id ?? null,
      client_id: clientId,
      project_id: projectId,
      ...changesOf(event),
    };
  });
  await store.insertEvents(db, rows);
}

/**
 * Deletes all events of a project, as when it is purged. Must be called before the event that says so
 * is emitted, in the same transaction.
 */
export async function deleteEventsOfProject(trx: Database, projectId: number): Promise<void> {
  while ((await store.deleteEventsOfProject(trx, projectId, BATCH)) === BATCH);
}

/**
 * Removes the values from all events of a resource of a project, as when it is deleted permanently:
 * only the names of the changed fields stay. Must be called before the event that says so is emitted.
 */
export function eraseEventsOf(trx: Database, resource: store.ProjectResource): Promise<void> {
  return store.eraseEventsOf(trx, resource);
}

/**
 * Returns the fields in which both states differ, of a new resource all; none if it is gone. In a
 * project, their former values too; null for a new resource.
 */
function changesOf({ type, before, after, projectId = null }: NewEvent) {
  const resource = resourceOf(type);
  const known = before === undefined ? null : storedFields(resource, before);
  const changed = Object.entries(storedFields(resource, after ?? {})).filter(
    ([name, value]) => known === null || !isDeepStrictEqual(known[name], value),
  );
  const changes = withinLimits(changed);
  const former = Object.keys(changes).map((name) => [name, known?.[name] ?? null] as const);
  return {
    changes,
    omitted: changed.map(([name]) => name).filter((name) => !(name in changes)),
    former: known === null || projectId === null ? null : withinLimits(former),
  };
}

/** Returns fields without those that are too long, or the longest of too many. */
function withinLimits(fields: (readonly [name: string, value: unknown])[]) {
  let room = MAX_CHANGES_BYTES;
  const kept = fields
    .map(([name, value]) => ({ name, value, bytes: bytesOf(value) }))
    .sort((one, other) => one.bytes - other.bytes)
    .filter(({ bytes }) => {
      const fits = bytes <= MAX_FIELD_BYTES && bytes <= room;
      if (fits) room -= bytes;
      return fits;
    });
  return Object.fromEntries(kept.map(({ name, value }) => [name, value]));
}

function bytesOf(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}
