/** Work that takes less at its longest input needs no comparison, in milliseconds. */
const NEGLIGIBLE_MS = 10;

/** Growth of the time when the length is doubled twice: 4 if linear, 16 if quadratic. */
const MAX_GROWTH = 8;

/** Each of them must show the growth. */
const ATTEMPTS = 4;
const RUNS = 3;

/**
 * Returns the growth of the CPU time if it is more than linear; null otherwise, or if the longest
 * input takes almost no time. Compares CPU times, which other processes hardly change, of the same
 * run, and repeats a suspicious measurement.
 *
 * @param work what is measured
 * @param inputOf returns an input of a length
 */
export async function findGrowth<Input>(
  work: (input: Input) => unknown,
  inputOf: (length: number) => Input,
  longest: number,
): Promise<string | null> {
  const long = inputOf(longest);
  const first = await cpuTime(() => work(long), 1);
  if (first < NEGLIGIBLE_MS) return null;
  const short = inputOf(Math.ceil(longest / 4));
  if (first <= MAX_GROWTH * (await cpuTime(() => work(short), RUNS))) return null;
  const ratios: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [ofShort, ofLong] = [
      await cpuTime(() => work(short), RUNS),
      await cpuTime(() => work(long), RUNS),
    ];
    if (ofLong < NEGLIGIBLE_MS || ofLong <= MAX_GROWTH * ofShort) return null;
    ratios.push(ofLong / ofShort);
  }
  return `${Math.min(...ratios).toFixed(1)} times the CPU time for 4 times the length`;
}

/** Returns the CPU time of the fastest run, in milliseconds. */
async function cpuTime(work: () => unknown, runs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const begin = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(begin);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
