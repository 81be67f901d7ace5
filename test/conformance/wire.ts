import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { WireRequest } from './recordings.js';

export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/**
 * Sends requests over one connection, with exactly the headers that were recorded: an HTTP library
 * would add its own, and some answers echo every header.
 */
export class Wire {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    // An error is also the end of the connection, which is looked at when something is awaited.
    socket.on('error', () => {});
    return new Wire(socket);
  }

  close(): void {
    this.#socket.destroy();
  }

  async send({ method, url, headers, payload }: WireRequest): Promise<WireResponse> {
    const lines = [`${method} ${url} HTTP/1.1`];
    if (headers['host'] === undefined) lines.push('host: testserver');
    for (const [name, values] of Object.entries(headers)) {
      for (const value of [values].flat()) lines.push(`${name}: ${value}`);
    }
    if (payload !== undefined) lines.push(`content-length: ${Buffer.byteLength(payload)}`);
    // Header values are bytes: one character each.
    this.#socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    if (payload !== undefined) this.#socket.write(payload);
    return this.#read(method);
  }

  async #read(method: string): Promise<WireResponse> {
    const end = await this.#until(() => {
      const index = this.#received.indexOf('\r\n\r\n');
      return index < 0 ? null : index;
    });
    const [first = '', ...rest] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      rest.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
    const total = end + 4 + length;
    await this.#until(() => (this.#received.length >= total ? total : null));
    const text = this.#received.subarray(end + 4, total).toString();
    this.#received = this.#received.subarray(total);
    return { status: Number(first.split(' ')[1]), headers, text };
  }

  async #until(found: () => number | null): Promise<number> {
    for (;;) {
      const index = found();
      if (index !== null) return index;
      const chunk = await nextChunk(this.#socket);
      this.#received = Buffer.concat([this.#received, chunk]);
    }
  }
}

/** @throws Error if the connection ends first */
function nextChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      socket.off('data', received).off('close', closed).off('error', closed);
    };
    const received = (chunk: Buffer) => {
      settle();
      resolve(chunk);
    };
    const closed = () => {
      settle();
      reject(new Error('The connection has ended'));
    };
    if (socket.destroyed) closed();
    else socket.once('data', received).once('close', closed).once('error', closed);
  });
}
