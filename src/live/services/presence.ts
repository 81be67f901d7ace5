import { setImmediate as turn } from 'node:timers/promises';
import type { Author } from '#schemas/posts.js';
import { hasScope, type Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import type { OutageLog } from '#src/db/outage-log.js';
import * as store from '#src/live/stores/presences.js';
import type { DeliveredEvent, EventFeed, Subscriber } from './event-feed.js';

/** Shortest time between two reads of a topic because something has changed, in milliseconds. */
const COALESCE_MS = 1000;

/** Maximum number of topics that are read at once. */
const BATCH = 200;

/** Milliseconds between two looks while notifications do not arrive. */
const POLL_MS = 3000;

/** Wants to know who looks at its topics. */
export interface Watcher {
  readonly viewer: Viewer | null;
  /**
   * Takes a list as JSON, or null if the viewer may not see it. Returns false if it has
   * to be asked again later.
   */
  show(topic: string, list: string | null): boolean;
}

/** A topic that somebody in this process watches. */
interface Watched {
  readonly watchers: Set<Watcher>;
  /** The project that it was in when it was last read, or null. */
  projectId: number | null;
  /** When it was read, in milliseconds of `performance.now()`. */
  readAt: number;
  /** Set while a read is due. */
  timer?: NodeJS.Timeout;
}

export interface PresenceOptions {
  /** The pool. */
  db: Database;
  /** Tells when members of a project have changed. */
  feed: EventFeed;
  log: { warn(object: object, text: string): void };
  /** Logs a lost database instead of `log`. */
  outages: OutageLog;
}

/**
 * Who looks at the topics that clients of this process watch. Lists are read from the database, all
 * that are due with a single statement, and so is who may see them at that moment.
 */
export class Presence implements Subscriber {
  readonly #options: PresenceOptions;
  readonly #topics = new Map<string, Watched>();
  /** The watched topics of each project. */
  readonly #projects = new Map<number, Set<string>>();
  /** Topics that are read next. */
  readonly #due = new Set<string>();
  #reading: Promise<void> | null = null;
  #isHeard = false;
  #isStopped = false;
  readonly #poll: NodeJS.Timeout;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#poll = setInterval(() => {
      if (!this.#isHeard) this.#markAll();
    }, POLL_MS).unref();
  }

  get isWatched(): boolean {
    return this.#topics.size > 0;
  }

  /** Whether changes in other processes are announced to this one. */
  set isHeard(isHeard: boolean) {
    this.#isHeard = isHeard;
    if (isHeard) this.#markAll();
  }

  /** Shows the list of a topic to the watcher: now, and whenever it changes. */
  watch(topic: string, watcher: Watcher): void {
    if (this.#isStopped) return;
    const known = this.#topics.get(topic);
    if (known !== undefined) known.watchers.add(watcher);
    else {
      const watched = { watchers: new Set([watcher]), projectId: null, readAt: 0 };
      this.#topics.set(topic, watched);
      const [kind, id] = topic.split(':');
      if (kind === 'project') this.#follow(topic, watched, Number(id));
    }
    this.#read(topic);
  }

  unwatch(topic: string, watcher: Watcher): void {
    const watched = this.#topics.get(topic);
    watched?.watchers.delete(watcher);
    if (watched === undefined || watched.watchers.size > 0) return;
    clearTimeout(watched.timer);
    this.#topics.delete(topic);
    this.#due.delete(topic);
    this.#follow(topic, watched, null);
  }

  /** Reads topics again, soon: their lists may have changed. */
  mark(topics: Iterable<string>): void {
    for (const topic of topics) {
      const watched = this.#topics.get(topic);
      if (watched === undefined || watched.timer !== undefined) continue;
      const wait = watched.readAt + COALESCE_MS - performance.now();
      watched.timer = setTimeout(() => this.#read(topic), Math.max(0, wait)).unref();
    }
  }

  #markAll(): void {
    this.mark(this.#topics.keys());
  }

  /** Members of the project may have changed. */
  take({ resource, audience: { projectId } }: DeliveredEvent): void {
    if (resource === 'project') this.mark(this.#projects.get(projectId ?? 0) ?? []);
  }

  miss(): void {
    this.#markAll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#poll);
    for (const [topic, { watchers }] of this.#topics) {
      for (const watcher of watchers) this.unwatch(topic, watcher);
    }
    await this.#reading;
  }

  #read(topic: string): void {
    this.#due.add(topic);
    this.#reading ??= this.#readDue().finally(() => {
      this.#reading = null;
    });
  }

  async #readDue(): Promise<void> {
    while (this.#due.size > 0) {
      // What is asked for in the same turn is read together.
      await turn();
      const topics = [...this.#due].slice(0, BATCH);
      for (const topic of topics) {
        this.#due.delete(topic);
        const watched = this.#topics.get(topic);
        if (watched === undefined) continue;
        watched.readAt = performance.now();
        clearTimeout(watched.timer);
        delete watched.timer;
      }
      try {
        const lists = await store.listPresentUsers(this.#options.db, topics);
        const byTopic = new Map(lists.map((list) => [list.topic, list]));
        for (const topic of topics) this.#deliver(topic, byTopic.get(topic));
      } catch (error) {
        this.report(error);
        this.mark(topics);
      }
    }
  }

  #deliver(topic: string, list: store.PresentUsers | undefined): void {
    const watched = this.#topics.get(topic);
    if (watched === undefined) return;
    if (list !== undefined && watched.projectId !== list.project_id) {
      this.#follow(topic, watched, list.project_id);
      // Something may have happened in the project before it was followed.
      this.mark([topic]);
    }
    const json = list === undefined ? null : listJson(topic, list);
    const members = new Set(list?.member_ids);
    for (const watcher of watched.watchers) {
      const { viewer } = watcher;
      const isMember = viewer !== null && members.has(viewer.id);
      const maySee = isMember && hasScope(viewer, 'projects:read');
      if (!watcher.show(topic, maySee ? json : null)) this.mark([topic]);
    }
  }

  /** Takes the events of the project of a topic from now on; of none if it is null. */
  #follow(topic: string, watched: Watched, projectId: number | null): void {
    const { feed } = this.#options;
    if (watched.projectId !== null) {
      const others = this.#projects.get(watched.projectId);
      others?.delete(topic);
      if (others?.size === 0) {
        this.#projects.delete(watched.projectId);
        feed.remove(`project:${watched.projectId}`, this);
      }
    }
    watched.projectId = projectId;
    if (projectId === null) return;
    const topics = this.#projects.get(projectId);
    if (topics !== undefined) topics.add(topic);
    else {
      this.#projects.set(projectId, new Set([topic]));
      feed.add(`project:${projectId}`, this);
    }
  }

  report(error: unknown): void {
    const message = 'could not read or write who looks at what';
    if (!this.#options.outages.takes(error, message))
      this.#options.log.warn({ err: error }, message);
  }
}

function listJson(topic: string, { users, total }: { users: Author[]; total: number }): string {
  return JSON.stringify({ topic, users, total });
}
