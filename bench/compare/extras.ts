import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '#bench/side-by-side.js';
import { start } from './contenders.js';
import { memoryOf } from './processes.js';
import type { Program } from './programs.js';
import type { Stage } from './stage.js';

/** A property of the processes themselves, as ratios to L1 by contender. */
export interface Extra {
  name: string;
  ratios: Record<string, number>;
}

const STARTS = 3;
const SETTLE_MS = 3000;

/** Measures how long each program takes to answer its first request; the starts take turns. */
export async function measureStarts(
  programs: readonly Program[],
  { databaseUrl, signal }: Stage,
): Promise<Extra> {
  const times = new Map(programs.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < STARTS; round += 1) {
    for (const program of programs) {
      signal.throwIfAborted();
      const { startMs, stop } = await start(program, databaseUrl);
      await stop();
      times.get(program.name)?.push(startMs);
    }
  }
  return { name: 'start to first answer', ratios: ratiosOf(times) };
}

/** Measures the memory of each contender, some seconds after the last request. */
export async function measureMemory(name: string, { contenders, signal }: Stage): Promise<Extra> {
  await sleep(SETTLE_MS, undefined, { signal });
  const sizes = new Map(contenders.map((each) => [each.name, [memoryOf(each.pid)]]));
  return { name, ratios: ratiosOf(sizes) };
}

function ratiosOf(values: ReadonlyMap<string, readonly number[]>): Record<string, number> {
  const reference = median(values.get('L1') ?? []);
  return Object.fromEntries(
    [...values].map(([name, each]) => [name, Number((median(each) / reference).toPrecision(3))]),
  );
}
