import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import pg from 'pg';
import { endsWithin } from '#src/lib/ends-within.js';
import type { OutageLog } from './outage-log.js';

/** Shortest and longest pause between attempts to connect, in milliseconds. */
const PAUSES_MS = [1000, 30_000] as const;

/** Timeout for statements and notifications, in milliseconds. */
const ANSWER_MS = 2000;

/** Timeout for closing a connection, in milliseconds. */
const END_MS = 1000;

const HEARTBEAT_MS = 5000;

const NOTIFY = 'select pg_notify($1, $2)';

export interface ChannelListenerOptions {
  url: string;
  /** Timeout for connecting, in milliseconds. */
  connectTimeout: number;
  /** Value of `application_name` in `pg_stat_activity`. */
  name: string;
  /** Channel name, a lower-case word. */
  channel: string;
  /** Further channels on the same connection, and what is called with their notifications. */
  others?: Readonly<Record<string, (payload: string) => void>>;
  /** Sends a notification on any channel, over a different connection. */
  notify(channel: string, payload: string): Promise<unknown>;
  /** Called when listening begins: from now on, every notification arrives, in commit order. */
  onUp(): void;
  onMessage(payload: string): void;
  /** Called when notifications may be missed from now on, even without a preceding `onUp`. */
  onLost(): void;
  /** Milliseconds between checks of the connection, because it may die silently. */
  heartbeat?: number;
  log: { info(text: string): void; warn(object: object, text: string): void };
  /** Logs a lost connection instead of `log`. */
  outages?: OutageLog;
}

/**
 * Listens to a PostgreSQL channel on its own connection, and reconnects when that is lost. A
 * connection is used only after it has received a notification sent over another one. Behind a
 * pooler in transaction mode this never happens; all it leaves there is a subscription to a unique
 * channel.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html
 */
export class ChannelListener {
  readonly #options: ChannelListenerOptions;
  /** Unique channel for echoes. */
  readonly #echoes = `echo_${randomBytes(8).toString('hex')}`;
  /** Callbacks of pending echoes, by payload. */
  readonly #awaited = new Map<string, () => void>();
  readonly #stopping = new AbortController();
  /** Serializes statements, as a connection runs one at a time. */
  readonly #oneByOne = pLimit(1);
  #client: pg.Client | null = null;
  #running: Promise<void> | null = null;
  #isFaulty = false;

  constructor(options: ChannelListenerOptions) {
    this.#options = options;
  }

  /** Starts listening, unless already started. */
  start(): void {
    if (!this.#stopping.signal.aborted) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * Sends a notification to all listeners, including this one.
   *
   * @throws Error if there is no connection, or if it is lost
   */
  say(payload: string): Promise<void> {
    return this.#withClient((client) => this.#notify(client, this.#options.channel, payload));
  }

  /**
   * Resolves once every notification committed before the call has been received, because
   * notifications arrive in commit order.
   *
   * @throws Error if there is no connection, or if it is lost
   */
  echo(): Promise<void> {
    return this.#withClient((client) =>
      this.#expectEcho((payload) => this.#notify(client, this.#echoes, payload)),
    );
  }

  async #notify(client: pg.Client, channel: string, payload: string): Promise<void> {
    await this.#oneByOne(() => client.query(NOTIFY, [channel, payload]));
  }

  async #withClient(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const client = this.#client;
    if (client === null) throw new Error('There is no connection to listen on');
    try {
      await work(client);
    } catch (error) {
      // Cuts the connection even while a statement runs; `#listen` then reconnects.
      void client.end().catch(() => undefined);
      throw error;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let pause: number = PAUSES_MS[0];
    while (!signal.aborted) {
      const wasUp = await this.#listen();
      pause = wasUp ? PAUSES_MS[0] : Math.min(pause * 2, PAUSES_MS[1]);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Listens until the connection is lost; returns whether it was ever usable. */
  async #listen(): Promise<boolean> {
    const {
      url,
      connectTimeout,
      name,
      channel,
      others = {},
      notify,
      onUp,
      onLost,
      log,
      outages,
      heartbeat = HEARTBEAT_MS,
    } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeout,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: name,
    });
    let fault: unknown = new Error('The server closed the connection');
    client.on('error', (error) => {
      fault = error;
    });
    client.on('notification', (message) => this.#hear(message));
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
    const end = () => void client.end().catch(() => undefined);
    this.#stopping.signal.addEventListener('abort', end);
    let timer: NodeJS.Timeout | undefined;
    let isUp = false;
    try {
      // If ended while connecting, the client never settles `connect()`.
      await Promise.race([client.connect(), ended.then(() => Promise.reject(fault))]);
      // Until the echo returns, this may be a pooled connection that others share and that keeps
      // its subscriptions, so nothing else is sent on it.
      await client.query(`listen ${this.#echoes}`);
      await this.#expectEcho((payload) => notify(this.#echoes, payload));
      for (const each of [channel, ...Object.keys(others)]) await client.query(`listen ${each}`);
      if (this.#isFaulty) log.info(`listening on ${channel} again`);
      this.#isFaulty = false;
      isUp = true;
      this.#client = client;
      onUp();
      timer = setInterval(() => this.echo().catch(() => undefined), heartbeat).unref();
      await ended;
    } catch (error) {
      fault = error;
    } finally {
      clearInterval(timer);
      this.#stopping.signal.removeEventListener('abort', end);
      this.#client = null;
      onLost();
      await endsWithin(client.end(), END_MS);
    }
    if (!this.#isFaulty && !this.#stopping.signal.aborted) {
      this.#isFaulty = true;
      const message = `not listening on ${channel}`;
      if (outages?.takes(fault, message) !== true) log.warn({ err: fault }, message);
    }
    return isUp;
  }

  async #expectEcho(say: (payload: string) => Promise<unknown>): Promise<void> {
    const payload = randomBytes(8).toString('hex');
    const heard = new Promise<void>((resolve) => this.#awaited.set(payload, resolve));
    try {
      await say(payload);
      if (await endsWithin(heard, ANSWER_MS)) return;
      throw new Error('Notifications do not arrive: does a connection pooler drop them?');
    } finally {
      this.#awaited.delete(payload);
    }
  }

  #hear({ channel, payload = '' }: pg.Notification): void {
    const { channel: first, others = {}, onMessage } = this.#options;
    const take = channel === first ? onMessage : others[channel];
    if (take === undefined) this.#awaited.get(payload)?.();
    else if (this.#client !== null) take(payload);
  }
}
