import { once } from 'node:events';
import { WebSocket } from 'ws';
import { components } from '#schemas/index.js';
import { LiveServerMessage } from '#schemas/live.js';
import { compileBody, type Definitions } from '#src/lib/validation/index.js';
import { until } from './waiting.js';

// biome-ignore lint/suspicious/noExplicitAny: the tests read the fields that they expect
type Message = any;

const definitions = Object.fromEntries(
  components.map((component) => [component.$id, component]),
) as Definitions;
const validate = compileBody({ schema: LiveServerMessage, definitions });

/** A WebSocket that checks each message against its schema, and keeps it. */
export class LiveSocket {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on('message', (data) => {
      const value = JSON.parse(String(data));
      const checked = validate({ kind: 'json', value });
      if ('errors' in checked) throw new Error(`${data}: ${JSON.stringify(checked.errors)}`);
      this.messages.push(value);
    });
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({
      code: Number(code),
      reason: String(reason),
    }));
  }

  /** The events that have arrived. */
  get events(): Message[] {
    return this.messages.flatMap(({ type, event }) => (type === 'event' ? [event] : []));
  }

  /** Resolves with the first message, or the next after `after` messages, of a type. */
  async next(type: string, after = 0): Promise<Message> {
    const find = () => this.messages.slice(after).find((message) => message.type === type);
    await until(() => find() !== undefined);
    return find();
  }

  /** Sends a message, and resolves with the answer of the given type, or with an error. */
  async ask(message: object | string, type: string): Promise<Message> {
    const count = this.messages.length;
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    const find = () =>
      this.messages.slice(count).find((each) => each.type === type || each.type === 'error');
    await until(() => find() !== undefined);
    return find();
  }

  close(): void {
    this.socket.close();
  }
}

/** Opens a WebSocket; resolves when the service is ready. */
export async function openLive(
  url: string,
  headers: Record<string, string> = {},
): Promise<LiveSocket> {
  const socket = new LiveSocket(url, headers);
  await socket.next('ready');
  return socket;
}
