import { median } from '#bench/side-by-side.js';
import type { Row } from './row.js';
import type { Turn } from './turns.js';

export interface RoundOptions {
  rounds: number;
  /** Duration of one turn. */
  seconds: number;
  /** Rounds that are repeated at most because the machine was busy. */
  repeats: number;
  /** Duration of the turn of each participant before the first round. Default: one second. */
  warmUpSeconds?: number;
}

/** Who takes turns in a row. */
export interface Participant {
  name: string;
  take(seconds: number): Promise<Turn>;
}

/** A ratio to the reference: the median of the rounds, and the smallest and largest of them. */
export interface Ratio {
  median: number;
  min: number;
  max: number;
}

/** What one participant did in one row. */
export interface Standing {
  name: string;
  /** Requests per second, relative to the reference. */
  rate: Ratio;
  /** Processor time of the server per request, relative to the reference. */
  cost: Ratio;
  /** Medians of the turns, which hold for this machine only. */
  absolute: Pick<Turn, 'rate' | 'cost' | 'p99'>;
}

export interface RowResult {
  row: Row;
  standings: Standing[];
  /** Rounds that were thrown away because the machine was busy with something else. */
  thrownAway: number;
  /** Whether rounds had to be kept in spite of that. */
  isDisturbed: boolean;
}

/** Processor seconds per second of other programs beyond which a round does not count. */
const MOST_FOREIGN = 0.2;
const WARM_UP_SECONDS = 1;

/**
 * Runs a row: each round gives every participant one turn, in the same order, so other load on the
 * machine affects all of them alike. L1 is the reference of the ratios.
 */
export async function runRow(
  row: Row,
  participants: readonly Participant[],
  { rounds, seconds, repeats, warmUpSeconds = WARM_UP_SECONDS }: RoundOptions,
): Promise<RowResult> {
  if (warmUpSeconds > 0) {
    for (const { take } of participants) await take(warmUpSeconds);
  }
  const kept: Turn[][] = [];
  let thrownAway = 0;
  let isDisturbed = false;
  while (kept.length < rounds) {
    const round: Turn[] = [];
    for (const { take } of participants) round.push(await take(seconds));
    const isBusy = round.some(({ foreign }) => foreign > MOST_FOREIGN);
    if (isBusy && thrownAway < repeats) {
      thrownAway += 1;
    } else {
      isDisturbed ||= isBusy;
      kept.push(round);
    }
  }
  const reference = participants.findIndex(({ name }) => name === 'L1');
  const references = kept.map((round) => round[reference] as Turn);
  const standings = participants.map(({ name }, index) => {
    const turns = kept.map((round) => round[index] as Turn);
    return standingOf(name, turns, references);
  });
  return { row, standings, thrownAway, isDisturbed };
}

function standingOf(name: string, turns: readonly Turn[], references: readonly Turn[]): Standing {
  const ratio = (of: (turn: Turn) => number): Ratio => {
    const ratios = turns.map((turn, round) => of(turn) / of(references[round] as Turn));
    return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
  };
  const middle = (of: (turn: Turn) => number) => median(turns.map(of));
  return {
    name,
    rate: ratio(({ rate }) => rate),
    cost: ratio(({ cost }) => cost),
    absolute: {
      rate: middle(({ rate }) => rate),
      cost: middle(({ cost }) => cost),
      p99: middle(({ p99 }) => p99),
    },
  };
}
