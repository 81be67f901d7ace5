import { type DataSize, removeWritten } from './fill.js';
import { participantsOf } from './participants.js';
import { readSaved } from './report.js';
import { type Participant, type Ratio, runRow } from './rounds.js';
import type { Row } from './row.js';
import type { Stage } from './stage.js';

/** The part of a committed ratio, of rates or of processor times, that a row must reach. */
const LEAST = 0.75;

const TRIES = 3;
/** Short, so that even rows that fail all tries take less than three minutes together. */
const OPTIONS = { rounds: 3, seconds: 0.5, repeats: 0 };

/** Ratios of the service to L1 in one try. */
interface Try {
  cost: number;
  rate: number;
  isDisturbed: boolean;
}

/**
 * Compares the service's processor time per request and its rate, relative to L1, with the committed
 * ratios of each row; prints pass or fail per row. A row fails if both are worse in all tries: what
 * slows the service down shows in both, and what else the machine does in one. A row without
 * undisturbed committed ratios, or without an undisturbed try, is only shown.
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
    const committed = committedFor(row);
    const isGood = (each: Try) =>
      committed === undefined ||
      each.cost <= committed.cost.median / LEAST ||
      each.rate >= committed.rate.median * LEAST;
    const tries = await tryRow(await participantsOf(row, stage, false), row, isGood);
    const isPassed = tries.some(isGood);
    if (committed === undefined) {
      console.log(`----  ${row.name}: ${shown(tries)}; no reference`);
    } else if (!isPassed && tries.every(({ isDisturbed }) => isDisturbed)) {
      console.log(`----  ${row.name}: ${shown(tries)}; other programs have disturbed all tries`);
    } else {
      const { cost, rate } = committed;
      const limit = `committed ${cost.median} (rate ${rate.median})`;
      console.log(`${isPassed ? 'pass' : 'FAIL'}  ${row.name}: ${shown(tries)}; ${limit}`);
      if (isPassed) passed += 1;
      else failed += 1;
    }
    if (row.isWrite) await removeWritten(stage.databaseUrl, size);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

/** Runs a row until a try is good, at most three times. */
async function tryRow(
  participants: readonly Participant[],
  row: Row,
  isGood: (each: Try) => boolean,
): Promise<Try[]> {
  const tries: Try[] = [];
  do {
    const isFirst = tries.length === 0;
    const { standings, isDisturbed } = await runRow(row, participants, {
      ...OPTIONS,
      ...(!isFirst && { warmUpSeconds: 0 }),
    });
    const service = standings.find(({ name }) => name === 'service');
    if (service === undefined) throw new Error(`${row.name}: the service took no part`);
    tries.push({ cost: service.cost.median, rate: service.rate.median, isDisturbed });
  } while (!tries.some(isGood) && tries.length < TRIES);
  return tries;
}

function committedFor({ name }: Row): Record<'cost' | 'rate', Ratio> | undefined {
  const saved = readSaved().normal?.rows.find((each) => each.name === name);
  // Ratios that other programs have disturbed say nothing.
  const { rate, cost } = saved?.standings['service'] ?? {};
  if (saved?.isDisturbed || rate === undefined || cost === undefined) return undefined;
  return { rate, cost };
}

function shown(tries: readonly Try[]): string {
  const costs = tries.map(({ cost }) => cost.toFixed(2)).join(', ');
  return `processor time ${costs} (rate ${tries.map(({ rate }) => rate.toFixed(2)).join(', ')})`;
}
