import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { median } from '#bench/side-by-side.js';

/** The service under attack. */
export interface Target {
  host: string;
  port: number;
}

/** A request; all from the same client have the same local address. */
export interface Shot {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** The status of an answer, or why there was none, and the milliseconds until its end. */
export interface Outcome {
  status: number | string;
  milliseconds: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** The local address of the attacker; the service counts each address as a client of its own. */
export const ATTACKER = '127.0.0.1';

/** A request that takes longer counts as not answered. */
const PATIENCE_MS = 30_000;

/** Sends requests from one local address, over as many connections as there are requests. */
export class Client {
  readonly #target: Target;
  readonly #localAddress: string;
  readonly #agent: Agent;

  constructor(target: Target, localAddress: string, maxSockets = Number.POSITIVE_INFINITY) {
    this.#target = target;
    this.#localAddress = localAddress;
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  send({ method = 'GET', path, headers = {}, body }: Shot): Promise<Outcome> {
    const begin = performance.now();
    return new Promise((resolve) => {
      const end = (status: number | string, headers: IncomingHttpHeaders = {}, text = '') =>
        resolve({ status, headers, text, milliseconds: performance.now() - begin });
      const call = request(
        { ...this.#target, method, path, localAddress: this.#localAddress, agent: this.#agent },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', () => end('cut off'));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            end(response.statusCode ?? 0, response.headers, text);
          });
        },
      );
      for (const [name, value] of Object.entries(headers)) call.setHeader(name, value);
      call.setTimeout(PATIENCE_MS, () => call.destroy(new Error('no answer')));
      call.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      call.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Latencies of a health check and of a reader elsewhere, in milliseconds. */
export interface Latencies {
  health: number[];
  reader: number[];
  /** Answers to the reader other than 200. */
  refused: number;
}

/**
 * Reads a page of posts and the health check in turn, until `stop` is called. A process of its own
 * does it, so that work of the attacker does not delay it.
 */
export async function watch({ host, port }: Target): Promise<{ stop(): Promise<Latencies> }> {
  const child = fork(new URL('./reader.ts', import.meta.url), [host, String(port)]);
  await once(child, 'message');
  return {
    async stop() {
      child.send('stop');
      const [seen] = await once(child, 'message');
      child.disconnect();
      return seen as Latencies;
    },
  };
}

/** Returns how often each status was answered, most frequent first. */
export function tally(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { status } of outcomes) {
    counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  return sorted.map(([status, count]) => `${count} × ${status}`).join(', ');
}

/** Returns the median, and the quotient of it and that of the idle service. */
export function against(values: readonly number[], idle: readonly number[]): string {
  const [now, before] = [median(values), median(idle)];
  return `${now.toFixed(1)} ms (${(now / before).toFixed(1)} × idle)`;
}
