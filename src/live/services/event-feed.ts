import pLimit from 'p-limit';
import type { EventResource, LiveEvent } from '#schemas/events.js';
import type { Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import type { OutageLog } from '#src/db/outage-log.js';
import { ApiError } from '#src/errors.js';
import type { EventAudience, EventPolicies } from '#src/events/event-policy.js';
import { resourceOf, shownFields } from '#src/events/fields.js';
import { findSettledEvent } from '#src/events/store.js';
import * as store from '#src/live/stores/events.js';

/** Maximum number of events that are read at once. */
const BATCH = 200;

/** Events that are kept for clients that come back: for how long, how many, and how many UTF-16 units. */
const RECENT_MS = 60_000;
const MAX_RECENT = 5000;
const MAX_RECENT_LENGTH = 8 * 1024 * 1024;

/** Maximum number and length of the events that a client may have missed. */
const MAX_REPLAYED = 10_000;
const MAX_REPLAYED_LENGTH = 16 * 1024 * 1024;

/** Replays that read from the database at once. */
const REPLAYS_AT_ONCE = 2;

/** Milliseconds between two looks for events that no notification has announced. */
const POLL_MS = 1000;

/** An event as it is delivered: serialized once, whatever the number of clients. */
interface FeedEvent {
  readonly id: number;
  /** When it was read, in milliseconds of `performance.now()`. */
  readonly readAt: number;
  readonly topics: readonly string[];
  readonly clientId: string | null;
  readonly actorId: number | null;
  /** The JSON of a `LiveEvent`, and the same without the values of changed fields. */
  readonly json: string;
  readonly headJson: string;
  readonly resource: EventResource;
  readonly audience: EventAudience;
}

/** An event, and what a viewer may see of it now. */
export interface DeliveredEvent extends FeedEvent {
  /** Returns JSON of a `LiveEvent`, or null. */
  readonly textFor: (viewer: Viewer | null) => string | null;
}

/** Receives the events of some topics. */
export interface Subscriber {
  /** Called for each event of its topics, in the order of their ids. */
  take(event: DeliveredEvent): void;
  /** Called if events were lost. */
  miss(): void;
}

/** The events that a client asks for are no longer there, or too many. */
export class TooOldError extends Error {}

export interface EventFeedOptions {
  /** The pool. */
  db: Database;
  policies: EventPolicies;
  log: { warn(object: object, text: string): void };
  /** Logs a lost database instead of `log`. */
  outages: OutageLog;
}

/**
 * The events of the database, in order, for the clients of this process. It reads them once, when it
 * is woken and every second, as long as there are subscribers.
 *
 * An event is delivered when no event with a lower id can appear any more, see docs/decisions/0026.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  readonly #replays = pLimit(REPLAYS_AT_ONCE);
  /** The last delivered events, oldest first: all of those after `#recentAfter`. */
  #recent: FeedEvent[] = [];
  #recentLength = 0;
  #recentAfter = 0;
  #position = 0;
  #starting: Promise<void> | null = null;
  #reading: Promise<void> | null = null;
  #isAwake = false;
  #isStopped = false;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** The id of the last event that was delivered, or that was there before. */
  get position(): number {
    return this.#position;
  }

  /**
   * Resolves once events are read. A subscriber must be added in the same turn, or start again.
   *
   * @throws ApiError service_unavailable after `stop`; DatabaseError
   */
  async start(): Promise<void> {
    if (this.#isStopped) throw new ApiError('service_unavailable');
    if (this.#subscribers.size > 0 && this.#starting === null) return;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    await this.#starting;
  }

  /** What happened while nobody listened is not read. */
  async #start(): Promise<void> {
    await this.#reading;
    const position = await findSettledEvent(this.#options.db);
    // Meanwhile somebody may have subscribed, who must not lose what has happened since.
    if (this.#subscribers.size > 0) return;
    this.#moveTo(position);
    this.#poll ??= setInterval(() => this.#look(), POLL_MS).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#poll);
    await this.#reading;
  }

  /** Reads what is new. Must be called after a change, in this process or another. */
  wake(): void {
    if (this.#poll === undefined || this.#isStopped || this.#subscribers.size === 0) return;
    this.#isAwake = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
  }

  add(topic: string, subscriber: Subscriber): void {
    const all = this.#subscribers.get(topic);
    if (all === undefined) this.#subscribers.set(topic, new Set([subscriber]));
    else all.add(subscriber);
  }

  remove(topic: string, subscriber: Subscriber): void {
    const all = this.#subscribers.get(topic);
    all?.delete(subscriber);
    if (all?.size === 0) this.#subscribers.delete(topic);
  }

  /**
   * Yields the events of topics after `since` up to `upTo`, which must not be after the position.
   *
   * @throws TooOldError if there are too many, or if some were removed; DatabaseError
   */
  async *between(
    { since, upTo }: { since: number; upTo: number },
    topics: readonly string[],
  ): AsyncGenerator<readonly DeliveredEvent[]> {
    if (since >= this.#recentAfter) {
      const wanted = new Set(topics);
      const found = this.#recent.filter(
        ({ id, topics: of }) => id > since && id <= upTo && of.some((topic) => wanted.has(topic)),
      );
      yield await this.judge(found);
      return;
    }
    const { db } = this.#options;
    const all = { after: since, upTo, most: MAX_REPLAYED + 1 };
    const count = await this.#replays(() => store.countEventsBetween(db, topics, all));
    if (count > MAX_REPLAYED) throw new TooOldError();
    let length = 0;
    for (let after = since; ; ) {
      const range = { after, upTo, most: BATCH };
      const rows = await this.#replays(() => store.listEventsBetween(db, topics, range));
      // Read afterwards: what was removed meanwhile is missing, too.
      if ((await store.findRemovedThrough(db)) > since) throw new TooOldError();
      const events = rows.filter((row) => this.#isKnown(row)).map(toFeedEvent);
      for (const { json } of events) length += json.length;
      if (length > MAX_REPLAYED_LENGTH) throw new TooOldError();
      yield await this.judge(events);
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }

  /** Looks up who may see the events now, with one statement for each kind of resource. */
  async judge(events: readonly FeedEvent[]): Promise<DeliveredEvent[]> {
    const { db, policies } = this.#options;
    const audiences = new Map<EventResource, EventAudience[]>();
    for (const { resource, audience } of events) {
      const others = audiences.get(resource);
      if (others === undefined) audiences.set(resource, [audience]);
      else others.push(audience);
    }
    const states = new Map<EventResource, unknown>();
    await Promise.all(
      [...audiences].map(async ([resource, of]) => {
        states.set(resource, await policies[resource].load(db, of));
      }),
    );
    return events.map((event) => {
      const { resource, audience, json, headJson } = event;
      const state = states.get(resource);
      return {
        ...event,
        textFor: (viewer) => {
          const part = policies[resource].visiblePart(viewer, audience, state);
          return part === 'all' ? json : part === 'head' ? headJson : null;
        },
      };
    });
  }

  /** Also finds out that ids have gone back, as after the restore of a backup. */
  #look(): void {
    this.#forgetOld();
    if (this.#subscribers.size === 0 || this.#isStopped) return;
    findSettledEvent(this.#options.db).then(
      (settled) => {
        if (settled >= this.#position) return this.wake();
        this.#moveTo(settled);
        const all = [...this.#subscribers.values()].flatMap((each) => [...each]);
        for (const subscriber of new Set(all)) subscriber.miss();
      },
      (error: unknown) => this.#report(error),
    );
  }

  async #read(): Promise<void> {
    while (this.#isAwake && !this.#isStopped && this.#subscribers.size > 0) {
      this.#isAwake = false;
      try {
        const rows = await store.listSettledEvents(this.#options.db, this.#position, BATCH);
        const known = rows.filter((row) => this.#isKnown(row)).map(toFeedEvent);
        for (const event of await this.judge(known)) this.#deliver(event);
        this.#position = Math.max(this.#position, rows.at(-1)?.id ?? 0);
        if (rows.length === BATCH) {
          this.#isAwake = true;
          // Lets what was written leave.
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        // Tried again by the next look.
        this.#report(error);
        return;
      }
    }
  }

  /** Whether this version of the service has events of this kind: a newer one may run beside it. */
  #isKnown({ type }: store.EventRow): boolean {
    return Object.hasOwn(this.#options.policies, resourceOf(type));
  }

  #report(error: unknown): void {
    const message = 'could not read events';
    if (!this.#options.outages.takes(error, message))
      this.#options.log.warn({ err: error }, message);
  }

  #moveTo(position: number): void {
    this.#position = position;
    this.#recent = [];
    this.#recentLength = 0;
    this.#recentAfter = position;
  }

  #deliver(event: DeliveredEvent): void {
    // Somebody may have been told to start from there.
    if (event.id <= this.#position) return;
    this.#position = event.id;
    const { textFor: _, ...kept } = event;
    this.#recent.push(kept);
    this.#recentLength += kept.json.length;
    while (this.#recent.length > MAX_RECENT || this.#recentLength > MAX_RECENT_LENGTH) {
      this.#forgetOldest();
    }
    const receivers = new Set<Subscriber>();
    for (const topic of event.topics) {
      for (const subscriber of this.#subscribers.get(topic) ?? []) receivers.add(subscriber);
    }
    for (const subscriber of receivers) subscriber.take(event);
  }

  /** They contain names of users, who may have been deleted meanwhile. */
  #forgetOld(): void {
    const before = performance.now() - RECENT_MS;
    while ((this.#recent[0]?.readAt ?? before) < before) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#recent.shift();
    if (oldest === undefined) return;
    this.#recentLength -= oldest.json.length;
    this.#recentAfter = oldest.id;
  }
}

function toFeedEvent(row: store.EventRow): FeedEvent {
  const { id, type, topics, at, resource_id, project_id, version, client_id, people } = row;
  const resource = resourceOf(type);
  const changes = shownFields(resource, row.changes, people);
  const names = Object.keys(changes);
  const actor = people[String(row.actor_id)] ?? null;
  const event: LiveEvent = {
    id,
    type,
    topics: topics.map((topic) => (topic.startsWith('user:') ? 'me' : topic)),
    at,
    actor,
    resource,
    resource_id,
    project_id,
    version,
    changes,
    omitted: row.omitted,
    client_id,
  };
  const head: LiveEvent = { ...event, changes: {}, omitted: [...names, ...row.omitted] };
  return {
    id,
    readAt: performance.now(),
    topics,
    clientId: client_id,
    actorId: actor?.id ?? null,
    json: JSON.stringify(event),
    headJson: names.length === 0 ? JSON.stringify(event) : JSON.stringify(head),
    resource,
    audience: {
      resourceId: resource_id,
      projectId: project_id,
      isPublic: row.is_public,
      userId: row.user_id,
      version,
      hasChanges: names.length > 0 || row.omitted.length > 0,
    },
  };
}
