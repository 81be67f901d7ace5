import {
  IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { Socket } from 'node:net';

/** Fields that decide how the message is framed, and those that may occur several times. */
const LEFT_TO_NODE = new Set([
  'connection',
  'content-disposition',
  'content-length',
  'date',
  'expect',
  'keep-alive',
  'set-cookie',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Maximum number of field names whose last line is remembered. */
const MAX_KNOWN = 200;

interface Known {
  isLeftToNode: boolean;
  value: OutgoingHttpHeader;
  line: string;
}

/** The last line of each field. Most fields have the same value in all responses. */
const known = new Map<string, Known>();

/**
 * A response whose header fields are written as prepared lines. Node checks name and value of each
 * field again with each response, which takes longer than all the rest of a short one: a response
 * with 20 fields costs 0.5 of the processor time.
 *
 * Node still writes the status line and the fields that frame the message. Fastify passes
 * a status and an object; a call in any other form is left to Node.
 */
export class LeanResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  /** The head as Node sends it before the body. Not in its documentation, see `isAsExpected`. */
  declare _header: string | null;

  override writeHead(
    status: number,
    message?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    const isLean =
      isAsExpected &&
      typeof message === 'object' &&
      message !== null &&
      !Array.isArray(message) &&
      headers === undefined &&
      // Node would merge these with the others.
      this.getHeaderNames().length === 0;
    if (!isLean) return super.writeHead(status, message as string, headers);

    let lines = '';
    const rest: OutgoingHttpHeaders = {};
    for (const name of Object.keys(message)) {
      const value = message[name];
      const line = lineOf(name, value);
      if (line === null) rest[name] = value;
      else lines += line;
    }
    super.writeHead(status, rest);
    const head = this._header ?? '';
    const end = head.indexOf('\r\n') + 2;
    this._header = head.slice(0, end) + lines + head.slice(end);
    return this;
  }

  /**
   * Corks the connection also for a response without a body, which Node would send at once. See
   * `plugins/batched-writes.ts`.
   */
  override end(...parts: unknown[]): this {
    const { socket } = this;
    socket?.cork();
    try {
      // Its overloads have no common form.
      return super.end(...(parts as [() => void]));
    } finally {
      socket?.uncork();
    }
  }
}

/**
 * Returns the line of a field; null if it is left to Node.
 *
 * @throws TypeError if name or value must not be sent
 */
function lineOf(name: string, value: OutgoingHttpHeader | undefined): string | null {
  const last = known.get(name);
  if (last !== undefined && last.value === value) return last.isLeftToNode ? null : last.line;
  if (last?.isLeftToNode === true) return null;
  const isLeftToNode = LEFT_TO_NODE.has(name.toLowerCase());
  if (value === undefined || Array.isArray(value)) return null;
  if (last === undefined) validateHeaderName(name);
  validateHeaderValue(name, String(value));
  const line = isLeftToNode ? '' : `${name}: ${value}\r\n`;
  if (last !== undefined) Object.assign(last, { value, line });
  else if (known.size < MAX_KNOWN) {
    // A cookie is a secret.
    known.set(name, { isLeftToNode, value: isLeftToNode ? '' : value, line });
  }
  return isLeftToNode ? null : line;
}

/** Whether Node keeps the head where this class extends it. */
const isAsExpected = ((): boolean => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.writeHead(200, { 'x-a': 'b' });
  const { _header: head } = response as ServerResponse & { _header?: unknown };
  return typeof head === 'string' && head.startsWith('HTTP/1.1 200 OK\r\nx-a: b\r\n');
})();
