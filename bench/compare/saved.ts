import type { Extra } from './extras.js';
import type { Ratio, RowResult } from './rounds.js';

/** The ratios of one row, as `ratios.json` has them. */
export interface SavedRow {
  name: string;
  target: number | null;
  isDisturbed: boolean;
  /** By contender; `cost` is missing where it is not known. */
  standings: Record<string, { rate: Ratio; cost?: Ratio }>;
}

/** The results of a full run with one size of data. */
export interface Section {
  rounds: number;
  machine: string;
  versions: string;
  rows: SavedRow[];
  extras: readonly Extra[];
}

/** Returns the ratios of a run, rounded, without figures that hold for one machine only. */
export function sectionOf(
  results: readonly RowResult[],
  extras: readonly Extra[],
  about: Pick<Section, 'rounds' | 'machine' | 'versions'>,
): Section {
  const rows = results.map(({ row, standings, isDisturbed }) => ({
    name: row.name,
    target: row.target,
    isDisturbed,
    standings: Object.fromEntries(
      standings.map(({ name, rate, cost }) => [
        name,
        { rate: rounded(rate), ...(Number.isFinite(cost.median) && { cost: rounded(cost) }) },
      ]),
    ),
  }));
  return { ...about, rows, extras };
}

function rounded({ median, min, max }: Ratio): Ratio {
  const round = (value: number) => Number(value.toPrecision(3));
  return { median: round(median), min: round(min), max: round(max) };
}
