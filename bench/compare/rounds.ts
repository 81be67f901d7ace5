import { median } from '#bench/side-by-side.js';
import type { Contender } from './contenders.js';
import type { Loader } from './load.js';
import type { Row } from './rows.js';
import { requestsFor, type Turn, takeTurn } from './turns.js';

export interface RoundOptions {
  rounds: number;
  /** Duration of one turn. */
  seconds: number;
}

/** A ratio to the reference: the median of the rounds, and the smallest and largest of them. */
export interface Ratio {
  median: number;
  min: number;
  max: number;
}

/** What one contender did in one row. */
export interface Standing {
  name: string;
  /** Requests per second, relative to the reference. */
  rate: Ratio;
  /** Processor time of the server per request, relative to the reference. */
  cost: Ratio;
  /** Medians of the turns, for information: they hold for this machine only. */
  absolute: { rate: number; cost: number; p99: number };
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
 * Runs a row: each round gives every contender one turn, in the same order, so other load on the
 * machine affects all of them alike. The second contender is the reference of the ratios.
 */
export async function runRow(
  loader: Loader,
  row: Row,
  contenders: readonly Contender[],
  { rounds, seconds }: RoundOptions,
): Promise<RowResult> {
  const work = await Promise.all(
    contenders.map(async (contender) => ({
      contender,
      requests: await requestsFor(row, contender),
    })),
  );
  const { status } = row;
  for (const { contender, requests } of work) {
    await takeTurn(loader, contender, requests, { status, seconds: WARM_UP_SECONDS });
  }
  const kept: Turn[][] = [];
  let thrownAway = 0;
  let isDisturbed = false;
  while (kept.length < rounds) {
    const round: Turn[] = [];
    for (const { contender, requests } of work) {
      round.push(await takeTurn(loader, contender, requests, { status, seconds }));
    }
    const isBusy = round.some(({ foreign }) => foreign > MOST_FOREIGN);
    if (isBusy && thrownAway < rounds) {
      thrownAway += 1;
    } else {
      isDisturbed ||= isBusy;
      kept.push(round);
    }
  }
  const standings = contenders.map(({ name }, index) => standingOf(name, index, kept));
  return { row, standings, thrownAway, isDisturbed };
}

function standingOf(name: string, index: number, rounds: readonly Turn[][]): Standing {
  const turns = rounds.map((round) => round[index] as Turn);
  const references = rounds.map((round) => round[1] as Turn);
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
