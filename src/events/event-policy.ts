import type { EventResource } from '#schemas/events.js';
import type { Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';

/** What decides who may see an event, apart from the resource itself. */
export interface EventAudience {
  readonly resourceId: number;
  /** The project that the resource belonged to at that time, or null. */
  readonly projectId: number | null;
  readonly isPublic: boolean;
  /** The author or owner of the resource at that time, or null. */
  readonly userId: number | null;
  /** The version of the resource after the change. */
  readonly version: number | null;
  /** Whether the event contains fields of the resource. */
  readonly hasChanges: boolean;
}

/**
 * What of an event is visible: all, the names of changed fields without their values, or nothing.
 */
export type VisiblePart = 'all' | 'head' | null;

/**
 * Who may see the events of one kind of resource. Its wing implements it. Events are delivered later
 * than they happen, in a replay much later: fields of a resource are shown only to those who may read
 * them now.
 */
export interface EventPolicy<State = unknown> {
  /**
   * Looks up what decides about these events now, for all viewers: with one statement, such as the
   * states of the resources, or the members of the projects.
   */
  load(db: Database, events: readonly EventAudience[]): Promise<State>;
  /** @param state what `load` has returned for this event and others */
  visiblePart(viewer: Viewer | null, event: EventAudience, state: State): VisiblePart;
}

export type EventPolicies = Readonly<Record<EventResource, EventPolicy>>;
