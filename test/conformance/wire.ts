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
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${payload ?? ''}`);
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
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer];
      this.#received = Buffer.concat([this.#received, chunk]);
    }
  }
}
