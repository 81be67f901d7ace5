import type { LiveClientMessage, LiveServerMessage } from '#schemas/live.js';
import { InvalidRequest } from '#src/errors.js';
import type { Validated } from '#src/lib/validation/index.js';
import type { LiveClient } from './live-client.js';
import type { PresenceClient } from './presence-client.js';

/** Maximum number of messages that wait while an earlier one is carried out. */
const MAX_QUEUED = 100;

export interface ConversationOptions {
  client: LiveClient;
  presence: PresenceClient;
  /** Returns the message that a text contains, or what is wrong with it. @throws ApiError */
  parse: (text: string) => Validated<LiveClientMessage>;
  /** Authenticates the client by a token or API key. @throws ApiError */
  signIn: (token: string) => Promise<void>;
  /** Returns an error as a message. */
  describe: (error: unknown) => { code: string; detail: string | unknown[] };
  send: (message: LiveServerMessage) => void;
  /** Called with an error that no answer could be sent for. */
  onFault: (error: unknown) => void;
  /** Called when the client sends more than it waits for. */
  onFlood: () => void;
}

/**
 * What a client and the service say to each other over a WebSocket. Messages are carried out one
 * after the other, in their order.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;
  #isClosed = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#options.send({ type: 'ready', username: this.#options.client.viewer?.username ?? null });
  }

  /** Messages that wait are no longer carried out. */
  end(): void {
    this.#isClosed = true;
  }

  /** Takes a message of the client. Never throws. */
  receive(text: string): void {
    if (this.#queued >= MAX_QUEUED) {
      this.#options.onFlood();
      return;
    }
    this.#queued += 1;
    this.#queue = this.#queue
      .then(() => this.#answer(text))
      .catch((error: unknown) => this.#options.onFault(error))
      .then(() => {
        this.#queued -= 1;
      });
  }

  async #answer(text: string): Promise<void> {
    if (this.#isClosed) return;
    const { parse, describe, send } = this.#options;
    try {
      const parsed = parse(text);
      if ('errors' in parsed) throw new InvalidRequest(parsed.errors);
      await this.#carryOut(parsed.value);
    } catch (error) {
      send({ type: 'error', ...describe(error) });
    }
  }

  async #carryOut(message: LiveClientMessage): Promise<void> {
    const { client, presence, signIn, send } = this.#options;
    switch (message.type) {
      case 'sign_in':
        await signIn(message.token);
        this.begin();
        break;
      case 'subscribe': {
        const { topics, since = null, client_id } = message;
        if (client_id !== undefined) client.clientId = client_id;
        const { position, replay } = await client.subscribe(topics, since);
        send({ type: 'subscribed', topics, position });
        presence.watch(topics);
        await replay();
        break;
      }
      case 'unsubscribe':
        client.unsubscribe(message.topics);
        presence.unwatch(message.topics);
        send({ type: 'unsubscribed', topics: message.topics });
        break;
      case 'look':
        await presence.look(message.topic);
        send({ type: 'looking', topic: message.topic });
        break;
      case 'ping':
        send({ type: 'pong', position: client.position });
    }
  }
}
