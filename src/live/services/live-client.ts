import { MAX_TOPICS } from '#schemas/live.js';
import type { Viewer } from '#src/access/viewer.js';
import { ApiError } from '#src/errors.js';
import { type DeliveredEvent, type EventFeed, type Subscriber, TooOldError } from './event-feed.js';

/** Maximum number of events that wait until a client has read others. */
const MAX_WAITING = 1000;

/** Maximum number of replays of a client within a minute. */
const MAX_REPLAYS = 20;
const MINUTE_MS = 60_000;

/** How a client is reached. */
export interface Connection {
  /** Sends a `LiveEvent` as JSON. Never throws. */
  event(id: number, json: string): void;
  /** Says that the client has missed events up to this id. Never throws. */
  resync(position: number): void;
  /** Whether the client has to read before it is sent more. */
  isFull(): boolean;
  /** Resolves when it has; also if the connection has ended, as it does if the client never reads. */
  drained(): Promise<void>;
}

export interface LiveClientOptions {
  feed: EventFeed;
  connection: Connection;
  viewer: Viewer | null;
  /** Name under which the client makes changes: it gets no events of these. */
  clientId?: string | null;
  /** Called with the error of a replay; the client is told that it has missed events. */
  onFault: (error: unknown) => void;
}

interface Topic {
  /** The topic as it is stored: `me` is that of a user. */
  readonly stored: string;
  /** The client has, or gets, all events of the topic after this id. */
  readonly from: number;
}

/**
 * A client that receives the events of its topics: each once, in the order of their ids, and only
 * those that its viewer may see. What it does not read waits as references to events that all
 * clients share.
 */
export class LiveClient implements Subscriber {
  /** The authenticated user, or null. May change while the client is connected. */
  viewer: Viewer | null;
  clientId: string | null;
  readonly #feed: EventFeed;
  readonly #connection: Connection;
  readonly #onFault: (error: unknown) => void;
  /** By their names for the client. */
  readonly #topics = new Map<string, Topic>();
  /** The id up to which events were taken from the feed. */
  #position = 0;
  #waiting: DeliveredEvent[] = [];
  /** Whether what was missed is being sent; all later events wait for it. */
  #isReplaying = false;
  #isSending = false;
  #isClosed = false;
  #replays: number[] = [];

  constructor({ feed, connection, viewer, clientId = null, onFault }: LiveClientOptions) {
    this.#feed = feed;
    this.#connection = connection;
    this.#onFault = onFault;
    this.viewer = viewer;
    this.clientId = clientId;
  }

  /** The id up to which the client has everything; null while events wait. */
  get position(): number | null {
    const isWaiting = this.#isReplaying || this.#waiting.length > 0;
    if (isWaiting || this.#topics.size === 0) return null;
    return Math.max(this.#position, this.#feed.position);
  }

  /** Authenticates the client, or renews its credential. @throws ApiError already_signed_in */
  signIn(viewer: Viewer): void {
    if (this.viewer !== null && this.viewer.id !== viewer.id) {
      throw new ApiError('already_signed_in');
    }
    this.viewer = viewer;
  }

  /**
   * Adds topics.
   *
   * @param since the id after which the client has missed events of these topics
   * @returns the position after which their events follow, and `replay`, which sends those that
   *   were missed before all later ones, and must be called
   * @throws ApiError not_authenticated for `me` without a viewer; too_many_subscriptions;
   *   too_many_requests; service_unavailable; DatabaseError
   */
  async subscribe(
    names: readonly string[],
    since: number | null,
  ): Promise<{ position: number; replay: () => Promise<void> }> {
    if (names.includes('me') && this.viewer === null) throw new ApiError('not_authenticated');
    if (new Set([...this.#topics.keys(), ...names]).size > MAX_TOPICS) {
      throw new ApiError('too_many_subscriptions');
    }
    if (since !== null) this.#countReplay();
    await this.#feed.start();
    // Nothing is awaited from here on, so that no event comes in between.
    const upTo = this.#feed.position;
    const isMissing = since !== null && since < upTo;
    const known = [...this.#topics.values()];
    const added: string[] = [];
    for (const name of this.#isClosed ? [] : names) {
      if (this.#topics.has(name)) continue;
      const stored = name === 'me' ? `user:${this.viewer?.id}` : name;
      this.#topics.set(name, { stored, from: isMissing ? since : upTo });
      this.#feed.add(stored, this);
      added.push(stored);
    }
    // Another process may have been ahead of this one.
    const isAhead = since !== null && since > upTo && known.length === 0;
    this.#position = Math.max(this.#position, isAhead ? since : upTo);
    if (!isMissing || added.length === 0) {
      return { position: since !== null && isAhead ? since : upTo, replay: async () => undefined };
    }
    const hasAlready = ({ id, topics }: DeliveredEvent) =>
      known.some(({ stored, from }) => id > from && topics.includes(stored));
    this.#isReplaying = true;
    return { position: since, replay: () => this.#replay({ since, upTo }, added, hasAlready) };
  }

  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      const topic = this.#topics.get(name);
      if (topic === undefined) continue;
      this.#topics.delete(name);
      this.#feed.remove(topic.stored, this);
    }
  }

  take(event: DeliveredEvent): void {
    if (this.#isClosed || event.id <= this.#position) return;
    this.#position = event.id;
    if (this.#textOf(event) === null) return;
    const mustWait = this.#isReplaying || this.#isSending || this.#connection.isFull();
    if (!mustWait) this.#show(event);
    else if (this.#waiting.length >= MAX_WAITING) this.miss();
    else {
      this.#waiting.push(event);
      void this.#sendWaiting();
    }
  }

  /** Tells the client to read everything again. */
  miss(): void {
    this.#waiting = [];
    this.#position = this.#feed.position;
    if (!this.#isClosed) this.#connection.resync(this.#position);
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.unsubscribe([...this.#topics.keys()]);
  }

  async #replay(
    range: { since: number; upTo: number },
    topics: readonly string[],
    hasAlready: (event: DeliveredEvent) => boolean,
  ): Promise<void> {
    try {
      for await (const events of this.#feed.between(range, topics)) {
        let rest = events.filter((event) => !hasAlready(event));
        while (rest.length > 0) {
          if (this.#connection.isFull()) {
            await this.#connection.drained();
            rest = await this.#feed.judge(rest);
          }
          if (this.#isClosed) return;
          const event = rest.shift();
          if (event !== undefined) this.#show(event);
        }
      }
    } catch (error) {
      // Whatever the reason, what follows must not hide that something is missing.
      this.miss();
      if (!(error instanceof TooOldError)) this.#onFault(error);
    } finally {
      this.#isReplaying = false;
      await this.#sendWaiting();
    }
  }

  /** A replay that begins meanwhile goes first, and continues with what waits. */
  async #sendWaiting(): Promise<void> {
    if (this.#isSending || this.#isReplaying) return;
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      if (this.#connection.isFull()) {
        await this.#connection.drained();
        await this.#judgeWaiting();
      }
      if (this.#isClosed || this.#isReplaying) break;
      const event = this.#waiting.shift();
      if (event !== undefined) this.#show(event);
    }
    this.#isSending = false;
  }

  /** The viewer may have lost rights since the events began to wait. */
  async #judgeWaiting(): Promise<void> {
    const waiting = this.#waiting;
    try {
      const judged = await this.#feed.judge(waiting);
      // Others may have been added meanwhile; after `miss`, nothing waits any more.
      if (this.#waiting === waiting) waiting.splice(0, judged.length, ...judged);
    } catch (error) {
      this.miss();
      this.#onFault(error);
    }
  }

  #show(event: DeliveredEvent): void {
    const text = this.#textOf(event);
    if (text !== null) this.#connection.event(event.id, text);
  }

  /** Returns what the client is sent of an event; null if it is an echo, or not for its viewer. */
  #textOf(event: DeliveredEvent): string | null {
    const { viewer, clientId } = this;
    const isOwn = viewer !== null && event.actorId === viewer.id;
    if (isOwn && clientId !== null && event.clientId === clientId) return null;
    return event.textFor(viewer);
  }

  #countReplay(): void {
    const now = performance.now();
    this.#replays = this.#replays.filter((at) => now - at < MINUTE_MS);
    if (this.#replays.length >= MAX_REPLAYS) throw new ApiError('too_many_requests');
    this.#replays.push(now);
  }
}
