/**
 * A client for live updates, without dependencies, for browsers, Deno, Bun and Node.js.
 *
 * Copy this file and `types.d.ts` into an application; README.md shows how to use it.
 */
import type { components } from '../types.d.ts';

type Schemas = components['schemas'];
type ClientMessage = Schemas['LiveClientMessage'];
type ServerMessage = Schemas['LiveServerMessage'];

/** A change of a resource. */
export type LiveEvent = Schemas['LiveEvent'];

/** An item of the iterator. After `resync`, read what you show again. */
export type LiveMessage = Schemas['LiveEventMessage'] | Schemas['LiveResync'];

/** Everyone who looks at a project or task now. */
export type LivePresence = Schemas['LivePresence'];

/** The part of a WebSocket that the client uses; those of browsers and of the package `ws` have it. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: CloseReason) => void): void;
}

export type SocketConstructor = new (url: string) => SocketLike;

interface CloseReason {
  code: number;
  reason: string;
}

export interface LiveOptions {
  /** The URL of the WebSocket, such as `wss://example.com/api/v1/ws`. */
  url: string;
  /**
   * Returns an access token or API key, which is sent in a message. Called for each connection; with
   * `true` if the last one was refused or has ended. Left out, the cookies of the page authenticate.
   */
  token?: (wasRefused: boolean) => string | Promise<string>;
  /** The name that your requests have in `X-Client-ID`: their events are left out. */
  clientId?: string;
  /** The constructor of WebSockets; required if the runtime has none, as Node.js 20. */
  WebSocket?: SocketConstructor;
  /** Milliseconds before the first and between later attempts to connect. Default: 500 and 30,000. */
  retry?: { min: number; max: number };
  /** Milliseconds without a message after which the service is asked for one. Default: 25,000. */
  heartbeat?: number;
  /** Milliseconds that it has to answer before the connection counts as lost. Default: 10,000. */
  timeout?: number;
  /** Called when the connection changes. */
  onState?: (state: LiveState) => void;
}

/** `waiting` for the next attempt to connect; `idle` without subscriptions. */
export type LiveState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';

export interface SubscribeOptions {
  /** The id of the last event that you have; left out, events begin when the service agrees. */
  since?: number;
  /** Called for each event of the topics: once, and in the order of their ids. Not awaited. */
  onEvent: (event: LiveEvent) => void;
  /** Called when events are missing: read what you show again. Those after `position` follow. */
  onResync: (position: number) => void;
  /**
   * Called once if the service refuses, or cannot be reached at all; the subscription has ended. Left
   * out, the error is thrown as one that nobody catches.
   */
  onError?: (error: LiveError) => void;
  /** Called once when the service has agreed: all events after `position` follow. */
  onReady?: (position: number) => void;
  /** Called with who looks at a topic, a project or task: at first, and when it changes. */
  onPresence?: (presence: LivePresence) => void;
}

export interface Subscription {
  /** The id up to which you have all events of the topics; null before the service has agreed. */
  readonly position: number | null;
  unsubscribe(): void;
}

export interface MessagesOptions {
  /** As in `SubscribeOptions`. */
  since?: number;
  /** Maximum number of events that wait for the consumer; beyond it, `resync` replaces them. */
  limit?: number;
}

export interface Live {
  readonly state: LiveState;
  /**
   * Subscribes to topics; connects if necessary.
   *
   * @throws RangeError without a topic, or for more than 100 of all subscriptions
   * @throws Error after `close`
   */
  subscribe(topics: readonly string[], options: SubscribeOptions): Subscription;
  /**
   * The same as messages to iterate over, for consumers that take their time. Subscribes at once;
   * ends with the loop or with `close`, and throws a `LiveError` if the service refuses.
   *
   * @throws RangeError, Error as `subscribe`
   */
  messages(topics: readonly string[], options?: MessagesOptions): AsyncIterable<LiveMessage>;
  /**
   * Says what the user looks at from now on, `project:{id}` or `task:{id}`; null for nothing. Said
   * again after a lost connection; there is a connection only while there are subscriptions.
   *
   * @param onError called if the service refuses: the user looks at nothing then. Left out, the error
   *   is thrown as one that nobody catches.
   * @throws Error after `close`
   */
  look(topic: string | null, onError?: (error: LiveError) => void): void;
  /** Ends all subscriptions and the connection, for good. */
  close(): void;
}

/** Why a subscription has ended. */
export class LiveError extends Error {
  /**
   * A code of the service, such as `not_authenticated`; `protocol_error` for a message that it must
   * not send; `closed` for a close code that forbids another attempt; `no_token` if the application
   * has none; `unusable_url` if the runtime refuses to connect.
   */
  readonly code: string;
  /** The close code of the WebSocket, if there is one. */
  readonly closeCode: number | null;

  constructor(
    code: string,
    message: string,
    { closeCode = null, cause }: { closeCode?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = 'LiveError';
    this.code = code;
    this.closeCode = closeCode;
  }
}

/** The maximum number of topics of a connection. */
const MAX_TOPICS = 100;

/** Close codes (RFC 6455, section 7.4.1) after which another attempt would end the same way. */
const FINAL_CODES = new Set([1002, 1003, 1007, 1008, 1009, 1010]);
const TRY_LATER = 1013;
const UNAUTHORIZED = 3000;

/** Sent to a service that breaks the protocol; clients may not send 1002. */
const BROKEN_PROTOCOL = 4002;

/** Codes of refusals that pass. */
const PASSING = /^(?:too_(?:busy|many_requests|many_live)|service_unavailable|internal_error)$/;

/** How long a connection must live to count as a success, in milliseconds. */
const STABLE_MS = 10_000;

/** How long a connection without subscriptions is kept, in milliseconds. */
const LINGER_MS = 1000;

/** How often in a row a token is asked for that the application cannot get. */
const MAX_TOKEN_FAILURES = 5;

/** The service allows 100 messages within ten seconds, the answers to its pings among them. */
const RATE_WINDOW_MS = 10_000;
const MAX_SENT = 80;

/** Creates a client, which connects with the first subscription. @throws Error without WebSocket */
export function createLive(options: LiveOptions): Live {
  return new LiveClient(options);
}

/** How a connection has ended. */
interface End extends CloseReason {
  /** Set if another attempt would end the same way. */
  error?: LiveError;
}

/** A message that answers no other. */
type Unasked = LiveMessage | LivePresence;

type Answer = Exclude<ServerMessage, Unasked>;

interface ChannelOptions {
  socket: SocketLike;
  heartbeat: number;
  timeout: number;
  onMessage: (message: Unasked) => void;
  /** Called when the client has everything up to this event. */
  onPosition: (position: number) => void;
  onEnd: () => void;
}

/** A connection: messages and their answers, which come in the same order. */
class Channel {
  /** The first message of the service; null if the connection ends before it. */
  readonly opened: Promise<Answer | null>;
  readonly ended: Promise<End>;
  readonly #options: ChannelOptions;
  readonly #began = performance.now();
  /** The types of the next answers, and what is done with them. */
  readonly #pending: { type: Answer['type']; take: (answer: Answer | null) => void }[] = [];
  /** When the last messages were sent. */
  #sent: number[] = [];
  #resolveEnded: (end: End) => void = () => undefined;
  #isOpen = true;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #heardAt = performance.now();
  /** Since when the service owes a message; from the beginning its first one. */
  #askedAt: number | null = performance.now();

  constructor(options: ChannelOptions) {
    const { socket } = options;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.opened = this.#answer('ready');
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', ({ code, reason }) => this.#finish({ code, reason }));
    // A `close` follows. Without a listener, the package `ws` would throw.
    socket.addEventListener('error', () => undefined);
    this.#look();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Milliseconds since it was created. */
  get age(): number {
    return performance.now() - this.#began;
  }

  /** Milliseconds to wait before the next message. */
  get holdUp(): number {
    const now = performance.now();
    this.#sent = this.#sent.filter((at) => now - at < RATE_WINDOW_MS);
    const [first = now] = this.#sent;
    return this.#sent.length < MAX_SENT ? 0 : first + RATE_WINDOW_MS - now;
  }

  /**
   * Sends a message.
   *
   * @param type the type of its answer, unless it is refused
   * @param take called with the answer before any later message is read
   * @returns the answer; null if the connection has ended
   */
  ask(
    message: ClientMessage,
    type: Answer['type'],
    take?: (answer: Answer) => void,
  ): Promise<Answer | null> {
    if (this.#isOpen) {
      this.#sent.push(performance.now());
      this.#options.socket.send(JSON.stringify(message));
    }
    return this.#answer(type, take);
  }

  close(code = 1000, error?: LiveError): void {
    this.#finish({ code, reason: '', ...(error && { error }) });
  }

  #answer(type: Answer['type'], take?: (answer: Answer) => void): Promise<Answer | null> {
    if (!this.#isOpen) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#pending.push({
        type,
        take: (answer) => {
          if (answer !== null) take?.(answer);
          resolve(answer);
        },
      });
    });
  }

  #receive(data: unknown): void {
    if (!this.#isOpen) return;
    this.#heardAt = performance.now();
    if (this.#askedAt !== null) {
      this.#askedAt = null;
      clearTimeout(this.#watch);
      this.#look();
    }
    const message = parse(data);
    if (message === 'unknown') return;
    if (message === 'invalid') this.#reject('The service has sent an invalid message');
    else if (isUnasked(message)) this.#options.onMessage(message);
    else this.#takeAnswer(message);
  }

  #takeAnswer(answer: Answer): void {
    const pending = this.#pending.shift();
    if (pending === undefined || (answer.type !== 'error' && answer.type !== pending.type)) {
      this.#reject(`The service has sent \`${answer.type}\` unasked`);
      return;
    }
    pending.take(answer);
    if (answer.type === 'pong' && answer.position !== null) {
      this.#options.onPosition(answer.position);
    }
  }

  #reject(message: string): void {
    this.close(BROKEN_PROTOCOL, new LiveError('protocol_error', message));
  }

  /** Asks a silent service for an answer, and gives up if there is none. */
  #look(): void {
    const { heartbeat, timeout } = this.#options;
    const now = performance.now();
    if (this.#askedAt === null && now - this.#heardAt >= heartbeat) {
      this.#askedAt = now;
      void this.ask({ type: 'ping' }, 'pong');
    }
    const due = this.#askedAt === null ? this.#heardAt + heartbeat : this.#askedAt + timeout;
    if (this.#askedAt !== null && now >= due) this.#finish({ code: 1006, reason: 'No answer' });
    else this.#watch = setTimeout(() => this.#look(), due - now);
  }

  #finish(end: End): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#watch);
    // Clients may send no other codes.
    this.#options.socket.close(end.code === 1000 || end.code >= 3000 ? end.code : undefined);
    this.#resolveEnded(end);
    for (const { take } of this.#pending.splice(0)) take(null);
    this.#options.onEnd();
  }
}

/** A subscription as the client keeps it. */
interface Entry {
  readonly topics: readonly string[];
  readonly handlers: SubscribeOptions;
  /** The id up to which it has all events; null until the service says where it begins. */
  position: number | null;
  /** Whether the connection sends all events after the position. */
  isPlaced: boolean;
  /** Whether the service has ever agreed. */
  isReady: boolean;
}

/** The next message that the subscriptions call for. */
interface Step {
  message: Schemas['LiveSubscribe'] | Schemas['LiveUnsubscribe'] | Schemas['LiveLook'];
  /** The subscriptions that it places. */
  entries: Entry[];
}

/** What the user looks at. */
interface Look {
  readonly topic: string | null;
  readonly onError?: ((error: LiveError) => void) | undefined;
}

const NOTHING: Look = { topic: null };

/**
 * All subscriptions share one connection. It sends the events of all topics in order, and each
 * subscription takes those of its own topics after its position. To add one that has missed events,
 * the client leaves all topics and subscribes again from the lowest position: the service would
 * otherwise send old events after new ones, and only those that no other topic covers.
 */
class LiveClient implements Live {
  readonly #options: LiveOptions;
  readonly #WebSocket: SocketConstructor;
  readonly #entries = new Set<Entry>();
  readonly #queues = new Set<MessageQueue>();
  /** The topics that the connection has. */
  readonly #held = new Set<string>();
  #look = NOTHING;
  /** What the connection was told last. */
  #told = NOTHING;
  #channel: Channel | null = null;
  #state: LiveState = 'idle';
  #isRunning = false;
  /** Attempts since the last stable connection. */
  #attempts = 0;
  #tokenFailures = 0;
  /** Whether the last token was refused, or has ended. */
  #wasRefused = false;
  /** Whether another one was asked for since the last stable connection. */
  #hasRenewed = false;
  #wake: () => void = () => undefined;

  constructor(options: LiveOptions) {
    const { WebSocket: standard } = globalThis as { WebSocket?: SocketConstructor };
    const chosen = options.WebSocket ?? standard;
    if (chosen === undefined) throw new Error('This runtime has no WebSocket: pass one.');
    this.#WebSocket = chosen;
    this.#options = options;
  }

  get state(): LiveState {
    return this.#state;
  }

  subscribe(topics: readonly string[], options: SubscribeOptions): Subscription {
    if (this.#state === 'closed') throw new Error('The client is closed.');
    if (topics.length === 0) throw new RangeError('A subscription needs a topic.');
    const all = new Set([...this.#entries].flatMap((each) => each.topics).concat(topics));
    if (all.size > MAX_TOPICS) throw new RangeError(`At most ${MAX_TOPICS} topics are possible.`);
    const entry: Entry = {
      topics: [...new Set(topics)],
      handlers: options,
      position: options.since ?? null,
      isPlaced: false,
      isReady: false,
    };
    this.#entries.add(entry);
    if (this.#isRunning) this.#wake();
    else void this.#run();
    return {
      get position() {
        return entry.position;
      },
      unsubscribe: () => {
        this.#entries.delete(entry);
        this.#wake();
      },
    };
  }

  messages(
    topics: readonly string[],
    { since, limit = 1000 }: MessagesOptions = {},
  ): AsyncIterable<LiveMessage> {
    const queue = new MessageQueue(limit, () => {
      this.#queues.delete(queue);
      subscription.unsubscribe();
    });
    const subscription = this.subscribe(topics, {
      ...(since !== undefined && { since }),
      onEvent: (event) => queue.add({ type: 'event', event }),
      onResync: (position) => queue.add({ type: 'resync', position }),
      onError: (error) => queue.end(error),
    });
    this.#queues.add(queue);
    return queue;
  }

  look(topic: string | null, onError?: (error: LiveError) => void): void {
    if (this.#state === 'closed') throw new Error('The client is closed.');
    this.#look = { topic, onError };
    this.#wake();
  }

  close(): void {
    this.#setState('closed');
    this.#entries.clear();
    for (const queue of this.#queues) void queue.return();
    this.#channel?.close();
    this.#wake();
  }

  /** Connects again and again, as long as there are subscriptions. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    // The caller may subscribe to more.
    await null;
    while (this.#entries.size > 0) {
      this.#setState('connecting');
      const end = await this.#connect();
      if (end.error !== undefined) this.#stop(end.error);
      await this.#waitAfter(end);
    }
    this.#isRunning = false;
    this.#setState('idle');
  }

  /** Resolves when the connection has ended. */
  async #connect(): Promise<End> {
    const { url, heartbeat = 25_000, timeout = 10_000 } = this.#options;
    let socket: SocketLike;
    try {
      socket = new this.#WebSocket(url.replace(/^http/, 'ws'));
    } catch (cause) {
      const error = new LiveError('unusable_url', `Cannot connect to ${url}`, { cause });
      return { code: 1006, reason: '', error };
    }
    const channel = new Channel({
      socket,
      heartbeat,
      timeout,
      onMessage: (message) => this.#take(message),
      onPosition: (position) => this.#advance(position),
      onEnd: () => this.#wake(),
    });
    this.#channel = channel;
    const error = await this.#serve(channel);
    if (error !== null) channel.close(1000, error);
    const end = await channel.ended;
    this.#channel = null;
    this.#held.clear();
    this.#told = NOTHING;
    this.#displace();
    if (channel.age >= STABLE_MS) {
      this.#attempts = 0;
      this.#hasRenewed = false;
    }
    return this.#judge(end);
  }

  /** Adds the error to an end after which there must not be another attempt. */
  #judge(end: End): End {
    const { code, reason } = end;
    if (end.error !== undefined) return end;
    if (code === UNAUTHORIZED) {
      if (this.#renews()) return end;
      const message = reason || 'The credential has ended';
      return { ...end, error: new LiveError('not_authenticated', message, { closeCode: code }) };
    }
    if (!FINAL_CODES.has(code)) return end;
    const message = `The service has closed the connection: ${code} ${reason}`.trimEnd();
    return { ...end, error: new LiveError('closed', message, { closeCode: code }) };
  }

  /** Returns whether to try another token. */
  #renews(): boolean {
    this.#wasRefused = true;
    if (this.#options.token === undefined || this.#hasRenewed) return false;
    this.#hasRenewed = true;
    return true;
  }

  /** Ends all subscriptions. */
  #stop(error: LiveError): void {
    this.#hasRenewed = false;
    this.#tokenFailures = 0;
    for (const entry of [...this.#entries]) this.#refuse(entry, error);
  }

  /** Waits before the next attempt: longer after each, and partly for a random time. */
  async #waitAfter({ code }: End): Promise<void> {
    if (this.#entries.size === 0) return;
    const { min, max } = this.#options.retry ?? { min: 500, max: 30_000 };
    const least = code === TRY_LATER ? 10 * min : min;
    const delay = Math.min(max, least * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    const until = performance.now() + delay * (0.5 + Math.random() / 2);
    this.#setState('waiting');
    while (this.#entries.size > 0) {
      const rest = until - performance.now();
      if (rest <= 0) return;
      await this.#change(rest);
    }
  }

  /**
   * Signs in, and keeps the topics of the connection in line with the subscriptions until it ends.
   *
   * @returns an error after which there must not be another attempt
   */
  async #serve(channel: Channel): Promise<LiveError | null> {
    if ((await channel.opened)?.type !== 'ready') return null;
    const refused = await this.#signIn(channel);
    if (refused !== null) return refused;
    if (channel.isOpen) this.#setState('open');
    // After a refusal, one subscription at a time, to find out which it is about.
    let isCareful = false;
    let refusals = 0;
    let notBefore = 0;
    while (channel.isOpen) {
      const step = this.#nextStep(isCareful);
      const pause = Math.max(channel.holdUp, notBefore - performance.now());
      if (step === null) {
        isCareful = false;
        if (this.#entries.size > 0) await this.#change();
        else {
          await this.#change(LINGER_MS);
          if (this.#entries.size === 0) channel.close();
        }
      } else if (pause > 0) {
        await this.#change(pause);
      } else {
        const look = this.#look;
        const answer = await this.#carryOut(channel, step);
        if (answer?.type !== 'error') {
          refusals = 0;
        } else if (PASSING.test(answer.code)) {
          refusals += 1;
          notBefore = performance.now() + Math.min(30_000, 500 * 2 ** refusals);
        } else if (step.message.type === 'look') {
          this.#refuseLook(look, errorOf(answer));
        } else if (step.entries.length > 1) {
          isCareful = true;
        } else {
          for (const entry of step.entries) this.#refuse(entry, errorOf(answer));
        }
      }
    }
    return null;
  }

  async #signIn(channel: Channel): Promise<LiveError | null> {
    const { token: read } = this.#options;
    if (read === undefined) return null;
    while (channel.isOpen) {
      let token: string | End;
      try {
        const reading = (async () => read(this.#wasRefused))();
        token = await Promise.race([reading, channel.ended]);
      } catch (cause) {
        this.#tokenFailures += 1;
        if (this.#tokenFailures >= MAX_TOKEN_FAILURES) {
          return new LiveError('no_token', 'The application has no token', { cause });
        }
        channel.close();
        break;
      }
      if (typeof token !== 'string') break;
      this.#tokenFailures = 0;
      const answer = await channel.ask({ type: 'sign_in', token }, 'ready');
      if (answer?.type === 'ready') this.#wasRefused = false;
      if (answer?.type !== 'error') break;
      if (PASSING.test(answer.code)) channel.close();
      else if (!this.#renews()) return errorOf(answer);
    }
    return null;
  }

  /** Returns the next message that the subscriptions call for, or null. */
  #nextStep(isCareful: boolean): Step | null {
    const entries = [...this.#entries];
    const placed = entries.filter(({ isPlaced }) => isPlaced);
    const fresh = entries.filter(({ isPlaced, position }) => !isPlaced && position === null);
    const behind = entries.filter(({ isPlaced, position }) => !isPlaced && position !== null);
    const isCovered = ({ topics }: Entry) => topics.every((topic) => this.#held.has(topic));
    const mustReplay = behind.length > 0 || !placed.every(isCovered);
    const needed = new Set(entries.flatMap(({ topics }) => topics));
    const surplus = [...this.#held].filter((topic) => mustReplay || !needed.has(topic));
    if (surplus.length > 0) {
      return { message: { type: 'unsubscribe', topics: surplus }, entries: [] };
    }
    const waiting = mustReplay ? behind : fresh;
    if (waiting.length === 0 && !mustReplay) return this.#lookStep();
    const added = isCareful ? waiting.slice(0, 1) : waiting;
    const { clientId } = this.#options;
    const resumed = mustReplay ? [...placed, ...added] : added;
    const positions = resumed.flatMap(({ position }) => position ?? []);
    const message: Schemas['LiveSubscribe'] = {
      type: 'subscribe',
      topics: [...new Set(resumed.flatMap(({ topics }) => topics))],
      ...(mustReplay && { since: Math.min(...positions) }),
      ...(clientId !== undefined && { client_id: clientId }),
    };
    return { message, entries: added };
  }

  #lookStep(): Step | null {
    const { topic } = this.#look;
    if (topic === this.#told.topic) return null;
    return { message: { type: 'look', topic }, entries: [] };
  }

  #carryOut(channel: Channel, { message, entries }: Step): Promise<Answer | null> {
    if (message.type === 'look') {
      const { topic } = message;
      return channel.ask(message, 'looking', ({ type }) => {
        if (type === 'looking') this.#told = { topic };
      });
    }
    const { topics } = message;
    if (message.type === 'unsubscribe') {
      return channel.ask(message, 'unsubscribed', () => {
        for (const topic of topics) this.#held.delete(topic);
      });
    }
    return channel.ask(message, 'subscribed', (answer) => {
      if (answer.type === 'subscribed') {
        for (const topic of topics) this.#held.add(topic);
        for (const entry of entries) this.#place(entry, answer.position);
      } else if (this.#held.size === 0) {
        // All topics were left to subscribe again.
        this.#displace();
      }
    });
  }

  #place(entry: Entry, start: number): void {
    const position = entry.position ?? start;
    entry.position = position;
    entry.isPlaced = true;
    if (entry.isReady || !this.#entries.has(entry)) return;
    entry.isReady = true;
    call(() => entry.handlers.onReady?.(position));
  }

  #displace(): void {
    for (const entry of this.#entries) entry.isPlaced = false;
  }

  /** Hands a message to the subscriptions that it is for. */
  #take(message: Unasked): void {
    for (const entry of [...this.#entries]) {
      const { handlers, topics, position } = entry;
      // One that was called before may have ended it.
      if (!entry.isPlaced || position === null || !this.#entries.has(entry)) continue;
      if (message.type === 'presence') {
        if (topics.includes(message.topic)) call(() => handlers.onPresence?.(message));
      } else if (message.type === 'resync') {
        // Also back, as after the restore of a backup.
        entry.position = message.position;
        call(() => handlers.onResync(message.position));
      } else if (message.event.id > position) {
        entry.position = message.event.id;
        const isForIt = message.event.topics.some((topic) => topics.includes(topic));
        if (isForIt) call(() => handlers.onEvent(message.event));
      }
    }
  }

  #advance(to: number): void {
    for (const entry of this.#entries) {
      if (entry.isPlaced) entry.position = Math.max(entry.position ?? 0, to);
    }
  }

  #refuse(entry: Entry, error: LiveError): void {
    if (!this.#entries.delete(entry)) return;
    const { onError } = entry.handlers;
    call(() => {
      if (onError === undefined) throw error;
      onError(error);
    });
  }

  /** The connection still looks at what it did before: the next step ends that. */
  #refuseLook(look: Look, error: LiveError): void {
    if (this.#look !== look) return;
    this.#look = NOTHING;
    call(() => {
      if (look.onError === undefined) throw error;
      look.onError(error);
    });
  }

  /** Resolves when the subscriptions or the connection change, or after some milliseconds. */
  #change(milliseconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #setState(state: LiveState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    call(() => this.#options.onState?.(state));
  }
}

/** What waits for the consumer of an iterator. */
class MessageQueue implements AsyncIterable<LiveMessage>, AsyncIterator<LiveMessage, undefined> {
  readonly #limit: number;
  readonly #onReturn: () => void;
  #waiting: LiveMessage[] = [];
  #readers: Reader[] = [];
  #error: LiveError | null = null;
  #hasEnded = false;

  constructor(limit: number, onReturn: () => void) {
    this.#limit = limit;
    this.#onReturn = onReturn;
  }

  add(message: LiveMessage): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: message });
    else if (message.type === 'resync') this.#waiting = [message];
    else if (this.#waiting.length < this.#limit) this.#waiting.push(message);
    else this.#waiting = [{ type: 'resync', position: message.event.id }];
  }

  /** Throws the error at the consumer, after what waits. */
  end(error: LiveError): void {
    this.#hasEnded = true;
    const [first, ...others] = this.#readers.splice(0);
    if (first === undefined) this.#error = error;
    else first.reject(error);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<LiveMessage, undefined>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return { done: false, value };
    const error = this.#error;
    this.#error = null;
    if (error !== null) throw error;
    if (this.#hasEnded) return { done: true, value: undefined };
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  async return(): Promise<IteratorResult<LiveMessage, undefined>> {
    this.#hasEnded = true;
    this.#error = null;
    this.#waiting = [];
    for (const { resolve } of this.#readers.splice(0)) resolve({ done: true, value: undefined });
    this.#onReturn();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

interface Reader {
  resolve: (result: IteratorResult<LiveMessage, undefined>) => void;
  reject: (error: LiveError) => void;
}

type Fields = Record<string, unknown>;

/** Whether a message has what the client relies on, by its type. */
const CHECKS: Record<ServerMessage['type'], (message: Fields) => boolean> = {
  ready: () => true,
  subscribed: ({ position }) => isPosition(position),
  unsubscribed: () => true,
  event: ({ event }) =>
    isObject(event) && isPosition(event['id']) && Array.isArray(event['topics']),
  resync: ({ position }) => isPosition(position),
  looking: () => true,
  presence: ({ topic, users }) => typeof topic === 'string' && Array.isArray(users),
  pong: ({ position }) => position === null || isPosition(position),
  error: ({ code }) => typeof code === 'string',
};

/** Returns a message; `unknown` for a type that a newer service may have. */
function parse(data: unknown): ServerMessage | 'unknown' | 'invalid' {
  let message: unknown;
  try {
    message = JSON.parse(typeof data === 'string' ? data : '');
  } catch {
    return 'invalid';
  }
  if (!isObject(message) || typeof message['type'] !== 'string') return 'invalid';
  const { type } = message;
  if (!Object.hasOwn(CHECKS, type)) return 'unknown';
  // All that is used of it has been checked; the contract promises the rest.
  const known = message as ServerMessage;
  return CHECKS[known.type](message) ? known : 'invalid';
}

function isUnasked(message: ServerMessage): message is Unasked {
  return message.type === 'event' || message.type === 'resync' || message.type === 'presence';
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isPosition(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function errorOf({ code, detail }: Schemas['LiveFault']): LiveError {
  return new LiveError(code, typeof detail === 'string' ? detail : JSON.stringify(detail));
}

/** Calls the application. Its errors must not end the connection, and must not be hidden. */
function call(application: () => void): void {
  try {
    application();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
