import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

/** The number of connections of every load. */
export const CONNECTIONS = 32;

export interface LoadRequest {
  method?: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  /** `{n}` is replaced by a number that is used once. */
  body?: string;
}

/** What one turn sends. */
export interface Job {
  origin: string;
  /** Shared out among the connections, each of which repeats its own. */
  requests: LoadRequest[];
  /** The only status that is not an error. */
  status: number;
  seconds: number;
  /** The number of requests, instead of the seconds. */
  amount?: number | undefined;
  /** Default: {@link CONNECTIONS}. */
  connections?: number | undefined;
}

/** The outcome of one turn. */
export interface Load {
  completed: number;
  seconds: number;
  /** Latencies in milliseconds. */
  p50: number;
  p99: number;
}

interface Measured extends Load {
  failures: number;
  statuses: Record<string, number>;
}

/** The process that sends the load. */
export class Loader {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  /**
   * @param signal ends a load, and every further one
   * @throws Error if its package is not installed
   */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    if (!existsSync(new URL('../peers/node_modules/autocannon', import.meta.url))) {
      throw new Error('The load needs autocannon: run `npm run bench:install` first.');
    }
    // Without the arguments of this process, which load a compiler.
    this.#child = fork(new URL('../peers/load.mjs', import.meta.url), { execArgv: [] });
    this.#child.on('exit', (code) => {
      if (code !== 0) this.#child.emit('message', { error: `the load ended with ${code}` });
    });
  }

  /** @throws Error if a response has another status, or if there is none */
  async send({ connections = CONNECTIONS, ...job }: Job): Promise<Load> {
    const { origin, requests, status, seconds, amount } = job;
    this.#signal.throwIfAborted();
    const isUnique = requests.some(({ body }) => body?.includes('{n}'));
    this.#child.send({ url: origin, requests, seconds, amount, isUnique, connections });
    const [answer] = await once(this.#child, 'message', { signal: this.#signal });
    const { result, error } = answer as { result?: Measured; error?: string };
    if (result === undefined) throw new Error(`${origin}: ${error}`);
    const { statuses, failures, ...load } = result;
    const isWrong = Object.keys(statuses).some((each) => Number(each) !== status);
    if (isWrong || failures > 0 || load.completed === 0) {
      const path = requests[0]?.path ?? '';
      throw new Error(`${origin}${path}: ${JSON.stringify(statuses)}, ${failures} failures`);
    }
    return load;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
