import { randomUUID } from 'node:crypto';
import { assertScope } from '#src/access/ownership.js';
import type { Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { mayLook } from '#src/live/stores/presences.js';
import type { Looks } from './looks.js';
import type { Presence, Watcher } from './presence.js';

/** The topics that have a list of those who look at them. */
const PLACE = /^(?:project|task):/;

export interface PresenceClientOptions {
  /** The pool. */
  db: Database;
  presence: Presence;
  looks: Looks;
  /** Returns who the client is now. */
  viewer: () => Viewer | null;
  /** Sends a list as JSON: an object with `topic`, `users` and `total`. Never throws. */
  send: (json: string) => void;
  /** Whether the client has to read before it is sent more. */
  isFull: () => boolean;
  /** Resolves when it has; ends a client that never reads. */
  drained: () => Promise<void>;
}

/** What a live client looks at, and what it is told of others. */
export class PresenceClient implements Watcher {
  readonly #options: PresenceClientOptions;
  readonly #connection = randomUUID();
  readonly #watched = new Set<string>();
  /** The lists that the client has, which all clients share. */
  readonly #sent = new Map<string, string>();
  #isClosed = false;
  #isWaiting = false;

  constructor(options: PresenceClientOptions) {
    this.#options = options;
  }

  get viewer(): Viewer | null {
    return this.#options.viewer();
  }

  /**
   * Sets what the client looks at; null for nothing.
   *
   * @throws ApiError not_authenticated; insufficient_scope; not_found unless the viewer is a member
   *   of the project; DatabaseError
   */
  async look(topic: string | null): Promise<void> {
    const { db, looks } = this.#options;
    const { viewer } = this;
    if (topic === null) return looks.set(this.#connection, null);
    if (viewer === null) throw new ApiError('not_authenticated');
    assertScope(viewer, 'projects:read');
    if (!(await mayLook(db, viewer.id, topic))) throw new ApiError('not_found');
    if (!this.#isClosed) looks.set(this.#connection, { userId: viewer.id, topic });
  }

  /** Sends who looks at those topics that can be looked at: now, and whenever it changes. */
  watch(topics: readonly string[]): void {
    for (const topic of topics) {
      if (this.#isClosed || !PLACE.test(topic)) continue;
      this.#watched.add(topic);
      this.#sent.delete(topic);
      this.#options.presence.watch(topic, this);
    }
  }

  unwatch(topics: readonly string[]): void {
    for (const topic of topics) {
      if (!this.#watched.delete(topic)) continue;
      this.#sent.delete(topic);
      this.#options.presence.unwatch(topic, this);
    }
  }

  show(topic: string, list: string | null): boolean {
    if (list === null) {
      this.#sent.delete(topic);
      return true;
    }
    if (this.#sent.get(topic) === list) return true;
    if (this.#options.isFull()) {
      void this.#waitUntilRead();
      return false;
    }
    this.#sent.set(topic, list);
    this.#options.send(list);
    return true;
  }

  async #waitUntilRead(): Promise<void> {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    await this.#options.drained();
    this.#isWaiting = false;
  }

  close(): void {
    this.#isClosed = true;
    this.unwatch([...this.#watched]);
    this.#options.looks.set(this.#connection, null);
  }
}
