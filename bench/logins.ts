import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { hashPassword } from '#src/people/services/passwords.js';
import { withService } from './service.js';
import { median, p99 } from './side-by-side.js';

const USERNAME = 'bench';
const NO_THROTTLE = '1000000';
/** Pause between measured requests, so that the probe itself adds little load. */
const PAUSE_MS = 20;

const PROBES = ['/health', '/api/v1/users'] as const;
type Probe = (typeof PROBES)[number];
type Latencies = Record<Probe, number[]>;

interface Options {
  connections: number;
  seconds: number;
}

/** `logins`: measures how a flood of logins affects other requests. */
export function benchLogins(): Command {
  return new Command('logins')
    .description('latency of other requests, alone and under a flood of wrong passwords')
    .option('--connections <n>', 'logins at a time', Number, 64)
    .option('--seconds <n>', 'how long each part takes', Number, 10)
    .action(async ({ connections, seconds }: Options) => {
      await withService(
        fill,
        async ({ origin }) => {
          await probe(origin, 1);
          const alone = await probe(origin, seconds);
          const flood = startFlood(origin, connections);
          // Let the queue fill first.
          await sleep(1000);
          const under = await probe(origin, seconds);
          const { answers, elapsed } = await flood.stop();
          print(alone, under);
          const each = [...answers].map(([status, count]) => `${count} × ${status}`).join(', ');
          const checked = (answers.get(401) ?? 0) / elapsed;
          console.log(
            `${connections} connections for ${elapsed.toFixed(1)} s on ${availableParallelism()} cores: ` +
              `${each}; ${checked.toFixed(1)} passwords a second`,
          );
        },
        {
          LOGIN_RATE_LIMIT: NO_THROTTLE,
          LOGIN_ATTEMPTS: NO_THROTTLE,
          LOGIN_ATTEMPTS_PER_ADDRESS: NO_THROTTLE,
        },
      );
    });
}

async function fill(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    'insert into users (username, username_folded, password_hash) values ($1, $1, $2)',
    [USERNAME, await hashPassword('BenchPass123!')],
  );
  await client.query(
    `insert into users (username, username_folded)
     select 'user_' || n, 'user_' || n from generate_series(1, 100) as n`,
  );
  await client.end();
}

/** Sends requests one after the other; returns their durations in milliseconds. */
async function probe(origin: string, seconds: number): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: Latencies = { '/health': [], '/api/v1/users': [] };
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    for (const path of PROBES) {
      const begin = performance.now();
      const status = await send(agent, `${origin}${path}`);
      if (status !== 200) throw new Error(`${path} was answered ${status}`);
      latencies[path].push(performance.now() - begin);
    }
    await sleep(PAUSE_MS);
  }
  agent.destroy();
  return latencies;
}

/** Sends logins with a wrong password over `connections` connections, each without pause. */
function startFlood(origin: string, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers = new Map<number, number>();
  const body = JSON.stringify({ username: USERNAME, password: 'a wrong password' });
  const begin = performance.now();
  let running = true;
  const callers = Array.from({ length: connections }, async () => {
    while (running) {
      const status = await send(agent, `${origin}/api/v1/auth/login`, body);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  });
  return {
    async stop() {
      running = false;
      await Promise.all(callers);
      agent.destroy();
      return { answers, elapsed: (performance.now() - begin) / 1000 };
    },
  };
}

/** Sends one request, reads the whole response and returns its status. */
function send(agent: Agent, url: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    request(url, { agent, method, headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}

function print(alone: Latencies, under: Latencies): void {
  for (const path of PROBES) {
    const parts = [alone[path], under[path]] as const;
    const compare = (name: string, of: (values: readonly number[]) => number) => {
      const [before, after] = [of(parts[0]), of(parts[1])];
      const ratio = (after / before).toFixed(2);
      return `${name} ${before.toFixed(1)} → ${after.toFixed(1)} ms (${ratio} times)`;
    };
    console.log(
      `${path}: ${compare('median', median)}, ${compare('p99', p99)}; ` +
        `${parts[0].length} and ${parts[1].length} requests`,
    );
  }
}
