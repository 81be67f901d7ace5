/** Functions to measure, by name. */
export type Contenders = Readonly<Record<string, () => unknown>>;

const TURN_MS = 25;

/**
 * Returns the median time of one call of each function, in microseconds. The functions take turns,
 * so other load on the machine affects all of them alike.
 */
export function sideBySide(contenders: Contenders, rounds: number): Record<string, number> {
  const names = Object.keys(contenders);
  const calls = new Map(names.map((name) => [name, calibrate(contenders[name] as () => unknown)]));
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      times.get(name)?.push(timeOf(contenders[name] as () => unknown, calls.get(name) ?? 1));
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

/**
 * Returns the number of calls per turn; also warms up the code. Measures twice, because a pause in
 * the first calls would make all turns too short to be exact.
 */
function calibrate(call: () => unknown): number {
  let calls = 1;
  const shortest = () => Math.min(timeOf(call, calls), timeOf(call, calls));
  while (shortest() * calls < TURN_MS * 1000) calls *= 2;
  return calls;
}

/** In processor time, which does not pass while other processes run. */
function timeOf(call: () => unknown, calls: number): number {
  const begin = process.cpuUsage();
  for (let count = 0; count < calls; count += 1) call();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / calls;
}
