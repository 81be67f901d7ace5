import type { Contender } from './contenders.js';
import type { Load, Loader, LoadRequest } from './load.js';
import { machineSeconds, processorSeconds } from './processes.js';
import type { Row } from './row.js';

/** One turn of one contender. */
export interface Turn {
  /** Requests per second. */
  rate: number;
  /** Processor seconds of the server per request; NaN if it is not known. */
  cost: number;
  /** In milliseconds. */
  p99: number;
  /** Processor seconds per second that other programs used meanwhile. */
  foreign: number;
}

/** Sends the requests of a row to one contender for some seconds. */
export function takeTurn(
  loader: Loader,
  { origin, pid }: Contender,
  requests: LoadRequest[],
  { status, connections, amount, leastSeconds = 0 }: Row,
  wantedSeconds: number,
): Promise<Turn> {
  const seconds = Math.max(wantedSeconds, leastSeconds);
  const job = { origin, requests, status, seconds, connections, amount };
  return measure(() => loader.send(job), pid);
}

/** Measures a load and, given a process, what the load costs it and its descendants. */
export async function measure(
  send: () => Promise<Pick<Load, 'completed' | 'seconds' | 'p99'>>,
  pid?: number,
): Promise<Turn> {
  const begin = performance.now();
  const [all, ours] = [machineSeconds(), processorSeconds(process.pid)];
  const server = pid === undefined ? Number.NaN : processorSeconds(pid);
  const { completed, seconds, p99 } = await send();
  const cost = pid === undefined ? Number.NaN : (processorSeconds(pid) - server) / completed;
  const elapsed = (performance.now() - begin) / 1000;
  const others = machineSeconds() - all - (processorSeconds(process.pid) - ours);
  return { rate: completed / seconds, cost, p99, foreign: Math.max(0, others) / elapsed };
}

/** Returns the requests of a row for one contender. */
export async function requestsFor(row: Row, contender: Contender): Promise<LoadRequest[]> {
  const isService = contender.name === 'service';
  const requests = isService ? row.requests : (row.peerRequests ?? row.requests);
  if (!row.isConditional) return requests;
  return Promise.all(
    requests.map(async ({ headers = {}, ...request }) => {
      const answer = await fetch(`${contender.origin}${request.path}`, { headers });
      await answer.arrayBuffer();
      const tag = answer.headers.get('etag') ?? '';
      return { ...request, headers: { ...headers, 'if-none-match': tag } };
    }),
  );
}
