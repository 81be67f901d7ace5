import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { type Service, withService } from '#bench/service.js';
import { AUTHOR, prepare } from './prepare.js';
import { ATTACKS } from './scenarios.js';
import { ATTACKER, against, Client, type Latencies, type Target, tally, watch } from './target.js';

const MIB = 1024 * 1024;

/** The memory of the container, in bytes. */
const MEMORY = 512 * MIB;

/** Half of the memory, as Node chooses in a container. */
const HEAP_MIB = 256;

const SETTINGS = {
  APP_ENV: 'production',
  SECRET_KEY: 'k7Qz-93nLwVt2xRb8sYdF4mHc6Jp0aGe',
  JWT_SECRET: 'u5Ew-71vBnMq8zTy3kXoC2rPd9Lf4hSi',
  // The defaults; other benchmarks run without limits.
  RATE_LIMIT: '600',
  ARTICLE_RATE_LIMIT: '60',
  NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
};

/** `attacks`: runs hostile requests against the service as production runs it. */
export function benchAttacks(): Command {
  return new Command('attacks')
    .description(
      `hostile requests from one address against a production service in ${MEMORY / MIB} MiB; ` +
        'prints answers, latencies of others and peak memory',
    )
    .option('--only <text>', 'attacks whose name contains this', '')
    .action(async ({ only }: { only: string }) => {
      for (const [name, attack] of Object.entries(ATTACKS)) {
        if (!name.includes(only)) continue;
        await withService(
          prepare,
          async (service) => report(name, await run(service, attack)),
          SETTINGS,
          MEMORY,
        );
      }
    });
}

interface Result {
  idle: Latencies;
  during: Latencies;
  answers: string;
  requests: number;
  memory: { idle: number; peak: number };
  isAlive: boolean;
}

/** Runs one attack on a new service, beside a reader, and measures the reader alone first. */
async function run(service: Service, attack: (typeof ATTACKS)[string]): Promise<Result> {
  const { hostname: host, port } = new URL(service.origin);
  const target: Target = { host, port: Number(port) };
  const authorization = await signIn(target);
  await watchFor(target, 2000);
  const idle = await watchFor(target, 5000);
  await service.forgetPeakMemory();
  const before = await service.peakMemory();
  const reader = await watch(target);
  const outcomes = await attack(target, authorization);
  const during = await reader.stop();
  const isAlive = service.isAlive();
  return {
    idle,
    during,
    isAlive,
    requests: outcomes.length,
    answers: tally(outcomes),
    memory: { idle: before, peak: isAlive ? await service.peakMemory() : Number.NaN },
  };
}

async function watchFor(target: Target, milliseconds: number): Promise<Latencies> {
  const reader = await watch(target);
  await sleep(milliseconds);
  return reader.stop();
}

async function signIn(target: Target): Promise<string> {
  const client = new Client(target, ATTACKER);
  const { status, text } = await client.send({
    method: 'POST',
    path: '/api/v1/auth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'password', ...AUTHOR }).toString(),
  });
  client.close();
  if (status !== 200) throw new Error(`Could not sign in: ${status} ${text}`);
  return `Bearer ${(JSON.parse(text) as { access_token: string }).access_token}`;
}

function report(name: string, result: Result): void {
  const { idle, during, memory, requests, answers, isAlive } = result;
  const bound = 1.5 * memory.idle + 64 * MIB;
  console.log(
    [
      `${name}: ${requests} requests, ${answers}`,
      `  health ${against(during.health, idle.health)}`,
      `  reader ${against(during.reader, idle.reader)}, ${during.refused} refused`,
      `  peak memory ${mib(memory.peak)}, idle ${mib(memory.idle)}, bound ${mib(bound)}` +
        `${memory.peak > bound ? ': EXCEEDED' : ''}`,
      ...(isAlive ? [] : ['  THE PROCESS ENDED']),
    ].join('\n'),
  );
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}
