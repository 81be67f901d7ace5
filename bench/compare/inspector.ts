import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** A sampled call, as V8 reports it. */
export interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

/** A CPU profile in V8's format, which browsers and editors open. */
export interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

const SAMPLE_MICROSECONDS = 200;
const PATIENCE_MS = 10_000;

/** Profiles a Node process that listens for inspectors on a port while `work` runs. */
export async function profileWhile(port: number, work: () => Promise<void>): Promise<CpuProfile> {
  const socket = new WebSocket(await addressOf(port), { perMessageDeflate: false });
  await once(socket, 'open');
  let id = 0;
  const call = async (method: string, params: object = {}) => {
    id += 1;
    const own = id;
    const answered = new Promise<unknown>((resolve, reject) => {
      const listen = (data: Buffer) => {
        const message = JSON.parse(data.toString()) as {
          id: number;
          result?: unknown;
          error?: { message: string };
        };
        if (message.id !== own) return;
        socket.off('message', listen);
        if (message.error) reject(new Error(message.error.message));
        else resolve(message.result);
      };
      socket.on('message', listen);
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  try {
    await call('Profiler.enable');
    await call('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
    await call('Profiler.start');
    await work();
    return ((await call('Profiler.stop')) as { profile: CpuProfile }).profile;
  } finally {
    socket.close();
  }
}

async function addressOf(port: number): Promise<string> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => null);
    const [target] = ((await answer?.json()) ?? []) as { webSocketDebuggerUrl: string }[];
    if (target !== undefined) return target.webSocketDebuggerUrl;
    await sleep(50);
  }
  throw new Error('The process has no inspector.');
}
