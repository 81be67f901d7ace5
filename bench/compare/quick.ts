import { participantsOf } from './participants.js';
import { readSaved } from './report.js';
import { runRow } from './rounds.js';
import type { Row } from './row.js';
import type { Stage } from './stage.js';

/** Part of the committed ratio that a row must reach. */
const LEAST = 0.75;

const TRIES = 3;
const OPTIONS = { rounds: 3, seconds: 1, repeats: 1 };

/**
 * Compares each ratio with the committed one, in at most three tries; prints pass or fail per row.
 *
 * @returns whether all rows pass
 */
export async function runQuick(rows: readonly Row[], stage: Stage): Promise<boolean> {
  const committed = readSaved().normal?.rows ?? [];
  let failed = 0;
  for (const row of rows) {
    const saved = committed.find(({ name }) => name === row.name);
    // A ratio that other programs have disturbed says nothing.
    const before = saved?.isDisturbed ? undefined : saved?.standings['service']?.rate;
    const least = before === undefined ? 0 : before.median * LEAST;
    const participants = await participantsOf(row, stage, false);
    const ratios: number[] = [];
    while (ratios.length < TRIES) {
      const { standings } = await runRow(row, participants, OPTIONS);
      ratios.push(standings.find(({ name }) => name === 'service')?.rate.median ?? 0);
      if ((ratios.at(-1) ?? 0) >= least) break;
    }
    const isPassed = Math.max(...ratios) >= least;
    if (!isPassed) failed += 1;
    const against =
      before === undefined ? 'no undisturbed ratio is committed' : `committed ${before.median}`;
    const tries = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
    console.log(`${isPassed ? 'pass' : 'FAIL'}  ${row.name}: ${tries} (${against})`);
  }
  console.log(`${rows.length - failed} of ${rows.length} rows pass`);
  return failed === 0;
}
