import { type DataSize, removeWritten } from './fill.js';
import { participantsOf } from './participants.js';
import { readSaved } from './report.js';
import { type Participant, type Ratio, runRow } from './rounds.js';
import type { Row } from './row.js';
import type { Stage } from './stage.js';

/** The part of its committed efficiency that a row must reach. */
const LEAST = 0.75;

const TRIES = 3;
/** Short, so that even rows that fail all tries take less than three minutes together. */
const OPTIONS = { rounds: 3, seconds: 0.5, repeats: 0 };

/** Ratios of the service to L1 in one try. */
interface Try {
  cost: number;
  rate: number;
}

/**
 * Compares the processor time of the service per request, relative to L1, with the committed ratio
 * of each row; prints pass or fail per row. A row without an undisturbed committed ratio is only
 * shown.
 *
 * @returns whether no row fails
 */
export async function runQuick(
  rows: readonly Row[],
  stage: Stage,
  size: DataSize,
): Promise<boolean> {
  let [passed, failed] = [0, 0];
  for (const row of rows) {
    const committed = committedCost(row);
    const most = committed === undefined ? Number.POSITIVE_INFINITY : committed.median / LEAST;
    const tries = await tryRow(await participantsOf(row, stage, false), row, most);
    const isPassed = (tries.at(-1)?.cost ?? Number.NaN) <= most;
    if (committed === undefined) {
      console.log(`----  ${row.name}: ${shown(tries)}; no reference`);
    } else {
      const limit = `committed ${committed.median}, at most ${most.toFixed(2)}`;
      console.log(`${isPassed ? 'pass' : 'FAIL'}  ${row.name}: ${shown(tries)}; ${limit}`);
      if (isPassed) passed += 1;
      else failed += 1;
    }
    if (row.isWrite) await removeWritten(stage.databaseUrl, size);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

/** Runs a row until its processor time is at most `most`, at most three times. */
async function tryRow(
  participants: readonly Participant[],
  row: Row,
  most: number,
): Promise<Try[]> {
  const tries: Try[] = [];
  do {
    const isFirst = tries.length === 0;
    const { standings } = await runRow(row, participants, {
      ...OPTIONS,
      ...(!isFirst && { warmUpSeconds: 0 }),
    });
    const service = standings.find(({ name }) => name === 'service');
    if (service === undefined) throw new Error(`${row.name}: the service took no part`);
    tries.push({ cost: service.cost.median, rate: service.rate.median });
  } while (!((tries.at(-1)?.cost ?? 0) <= most) && tries.length < TRIES);
  return tries;
}

function committedCost({ name }: Row): Ratio | undefined {
  const saved = readSaved().normal?.rows.find((each) => each.name === name);
  // A ratio that other programs have disturbed says nothing.
  return saved?.isDisturbed ? undefined : saved?.standings['service']?.cost;
}

function shown(tries: readonly Try[]): string {
  const costs = tries.map(({ cost }) => cost.toFixed(2)).join(', ');
  return `processor time ${costs} (rate ${tries.map(({ rate }) => rate.toFixed(2)).join(', ')})`;
}
