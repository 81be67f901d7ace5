import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import pg from 'pg';
import { endsWithin } from '#src/lib/ends-within.js';

/** Milliseconds between two attempts to connect, at first and at most. */
const PAUSES_MS = [1000, 30_000] as const;

/** Milliseconds in which the server has to answer, and what is said has to arrive. */
const ANSWER_MS = 2000;

/** Milliseconds in which a connection is closed. */
const END_MS = 1000;

const HEARTBEAT_MS = 5000;

const NOTIFY = 'select pg_notify($1, $2)';

export interface ChannelListenerOptions {
  url: string;
  /** Milliseconds to wait for a connection. */
  connectTimeout: number;
  /** The name of the connection in `pg_stat_activity`. */
  name: string;
  /** A lower-case word. */
  channel: string;
  /** Says something on any channel, over another connection than this. */
  notify(channel: string, payload: string): Promise<unknown>;
  /** From now on everything that is said is heard, in the order of the commits. */
  onUp(): void;
  onMessage(payload: string): void;
  /** From now on something may be missed. Called without `onUp` before it too. */
  onLost(): void;
  /** Milliseconds after which a connection is tried: one may die without a word. */
  heartbeat?: number;
  log: { info(text: string): void; warn(object: object, text: string): void };
}

/**
 * Listens to a channel of PostgreSQL on a connection of its own, and connects again when that is
 * lost. A connection counts only when it has heard something that was said over another one: behind
 * a pooler that lends connections by the transaction it never does, and leaves nothing there but its
 * interest in a channel that nobody else uses.
 *
 * @see https://www.postgresql.org/docs/current/sql-notify.html
 */
export class ChannelListener {
  readonly #options: ChannelListenerOptions;
  /** A channel that nobody else listens to. */
  readonly #echoes = `echo_${randomBytes(8).toString('hex')}`;
  /** Who waits for which echo. */
  readonly #awaited = new Map<string, () => void>();
  readonly #stopping = new AbortController();
  /** A connection carries out one statement at a time. */
  readonly #oneByOne = pLimit(1);
  #client: pg.Client | null = null;
  #running: Promise<void> | null = null;
  #isFaulty = false;

  constructor(options: ChannelListenerOptions) {
    this.#options = options;
  }

  /** Begins to listen, if it has not begun. */
  start(): void {
    if (!this.#stopping.signal.aborted) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * Says something to everyone who listens, this one too.
   *
   * @throws Error if there is no connection, or none any more
   */
  say(payload: string): Promise<void> {
    return this.#withClient((client) => this.#notify(client, this.#options.channel, payload));
  }

  /**
   * Resolves when everything has been heard that was committed before the call: notifications arrive
   * in the order of the commits.
   *
   * @throws Error if there is no connection, or none any more
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
      // With a statement under way this cuts the connection, and all else follows from that.
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

  /** Listens until the connection is lost, and tells whether it ever stood. */
  async #listen(): Promise<boolean> {
    const {
      url,
      connectTimeout,
      name,
      channel,
      notify,
      onUp,
      onLost,
      log,
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
      // A client that is ended while it connects never says how that went.
      await Promise.race([client.connect(), ended.then(() => Promise.reject(fault))]);
      // Until the echo is back this may be a connection that a pooler lends to others as well, and
      // keeps what is set on it: so no more than this is asked of it.
      await client.query(`listen ${this.#echoes}`);
      await this.#expectEcho((payload) => notify(this.#echoes, payload));
      await client.query(`listen ${channel}`);
      if (this.#isFaulty) log.info(`hears what is said on ${channel} again`);
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
      log.warn({ err: fault }, `does not hear what is said on ${channel}`);
    }
    return isUp;
  }

  async #expectEcho(say: (payload: string) => Promise<unknown>): Promise<void> {
    const payload = randomBytes(8).toString('hex');
    const heard = new Promise<void>((resolve) => this.#awaited.set(payload, resolve));
    try {
      await say(payload);
      if (await endsWithin(heard, ANSWER_MS)) return;
      throw new Error('What is said does not arrive: is there a pooler in between?');
    } finally {
      this.#awaited.delete(payload);
    }
  }

  #hear({ channel, payload = '' }: pg.Notification): void {
    if (channel !== this.#options.channel) this.#awaited.get(payload)?.();
    else if (this.#client !== null) this.#options.onMessage(payload);
  }
}
