import type { Contender } from './contenders.js';
import type { Loader, LoadRequest } from './load.js';
import { machineSeconds, processorSeconds } from './processes.js';
import type { Row } from './rows.js';

/** One turn of one contender. */
export interface Turn {
  /** Requests per second. */
  rate: number;
  /** Processor seconds of the server per request. */
  cost: number;
  p99: number;
  /** Processor seconds per second that others used meanwhile. */
  foreign: number;
}

/** Sends the requests of a row to one contender for some seconds. */
export async function takeTurn(
  loader: Loader,
  { origin, pid }: Contender,
  requests: LoadRequest[],
  { status, seconds }: { status: number; seconds: number },
): Promise<Turn> {
  const begin = performance.now();
  const before = { all: machineSeconds(), ours: processorSeconds(process.pid) };
  const server = processorSeconds(pid);
  const load = await loader.send({ origin, requests, status, seconds });
  const cost = (processorSeconds(pid) - server) / load.completed;
  const elapsed = (performance.now() - begin) / 1000;
  const ours = processorSeconds(process.pid) - before.ours;
  const foreign = Math.max(0, machineSeconds() - before.all - ours) / elapsed;
  return { rate: load.completed / load.seconds, cost, p99: load.p99, foreign };
}

/** Returns the requests of a row for one contender. */
export async function requestsFor(row: Row, contender: Contender): Promise<LoadRequest[]> {
  const isService = contender.name === 'service';
  const requests = isService ? row.requests : (row.peerRequests ?? row.requests);
  if (!row.isConditional) return requests;
  return Promise.all(
    requests.map(async ({ headers, ...request }) => {
      const answer = await fetch(`${contender.origin}${request.path}`, { headers: headers ?? {} });
      await answer.arrayBuffer();
      return {
        ...request,
        headers: { ...headers, 'if-none-match': answer.headers.get('etag') ?? '' },
      };
    }),
  );
}
