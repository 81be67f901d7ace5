import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#src/db/database.js';
import * as store from '#src/live/stores/presences.js';

/** Milliseconds for which changes are written together, and after which a failure is repeated. */
const BATCH_MS = 100;
const RETRY_MS = 1000;

/** Milliseconds between two renewals of all rows; they expire after twice as many. */
const RENEWAL_MS = 20_000;

/** Maximum number of topics in a notification, which has at most 8,000 bytes. */
const TOPICS_PER_PAYLOAD = 300;

export interface LooksOptions {
  /** The pool. */
  db: Database;
  /** A name of this process, without spaces. */
  process: string;
  /** Whether anybody in this process wants to know what others look at. */
  isWatched: () => boolean;
  /** Called with topics whose lists have changed in the database. */
  onChange: (topics: readonly string[]) => void;
  report: (error: unknown) => void;
}

/**
 * What the connections of this process look at, in memory and in the database, where all processes
 * see it. Changes are written together, and again until they are.
 */
export class Looks {
  readonly #options: LooksOptions;
  /** By connection. */
  readonly #looks = new Map<string, store.Look>();
  /** Connections whose row is to be written or removed. */
  #unwritten = new Set<string>();
  /** The topics whose lists change by that. */
  #changed = new Set<string>();
  #writing: Promise<void> | null = null;
  readonly #stopping = new AbortController();
  readonly #renewal: NodeJS.Timeout;

  constructor(options: LooksOptions, { renewal = RENEWAL_MS }: { renewal?: number } = {}) {
    this.#options = options;
    this.#renewal = setInterval(() => void this.#renew(), renewal).unref();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Sets what a connection looks at; null for nothing. */
  set(connection: string, look: { userId: number; topic: string } | null): void {
    const before = this.#looks.get(connection);
    if (this.#isStopped || before?.topic === look?.topic) return;
    if (before !== undefined) this.#changed.add(before.topic);
    if (look === null) this.#looks.delete(connection);
    else {
      this.#looks.set(connection, { connection, ...look });
      this.#changed.add(look.topic);
    }
    this.#unwritten.add(connection);
    this.#writing ??= this.#write();
  }

  /** Ends what all connections look at. */
  async stop(): Promise<void> {
    clearInterval(this.#renewal);
    for (const connection of this.#looks.keys()) this.set(connection, null);
    this.#stopping.abort();
    await this.#writing;
    // What could not be written expires.
    if (this.#unwritten.size > 0) await this.#writeOnce();
  }

  async #write(): Promise<void> {
    const options = { ref: false, signal: this.#stopping.signal };
    let pause = BATCH_MS;
    while (this.#unwritten.size > 0) {
      await sleep(pause, undefined, options).catch(() => undefined);
      if (this.#isStopped) break;
      pause = (await this.#writeOnce()) ? BATCH_MS : RETRY_MS;
    }
    this.#writing = null;
  }

  /** Returns whether it succeeded; otherwise all of it stays to be written. */
  async #writeOnce(): Promise<boolean> {
    const { db, onChange, report } = this.#options;
    const connections = this.#unwritten;
    const topics = this.#changed;
    this.#unwritten = new Set();
    this.#changed = new Set();
    const looks = [...connections].flatMap((each) => this.#looks.get(each) ?? []);
    const ended = [...connections].filter((each) => !this.#looks.has(each));
    try {
      await store.writeLooks(db, { looks, ended }, this.#payloads([...topics]));
    } catch (error) {
      for (const each of connections) this.#unwritten.add(each);
      for (const each of topics) this.#changed.add(each);
      report(error);
      return false;
    }
    onChange([...topics]);
    return true;
  }

  #payloads(topics: readonly string[]): string[] {
    const payloads: string[] = [];
    for (let first = 0; first < topics.length; first += TOPICS_PER_PAYLOAD) {
      const some = topics.slice(first, first + TOPICS_PER_PAYLOAD);
      payloads.push(`${this.#options.process} ${some.join(',')}`);
    }
    return payloads;
  }

  /** Also writes the rows again that are gone, as after a crash of the server. */
  async #renew(): Promise<void> {
    const { db, process, isWatched, onChange, report } = this.#options;
    const all = [...this.#looks.keys()];
    if (all.length === 0 && !isWatched()) return;
    try {
      const { renewed, expired } = await store.renewLooks(db, all, `${process} `);
      const found = new Set(renewed);
      for (const [connection, { topic }] of this.#looks) {
        if (found.has(connection)) continue;
        this.#unwritten.add(connection);
        this.#changed.add(topic);
      }
      if (this.#unwritten.size > 0 && !this.#isStopped) this.#writing ??= this.#write();
      onChange(expired);
    } catch (error) {
      report(error);
    }
  }
}
