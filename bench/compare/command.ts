import type { Command } from 'commander';
import { assertAgreement } from './agreement.js';
import { REFERENCE, SERVICE } from './contenders.js';
import { LARGE, NORMAL } from './fill.js';
import { profileRow } from './profile.js';
import { type RowResult, runRow } from './rounds.js';
import { rowsOf, signIn } from './rows.js';
import { withStage } from './stage.js';

interface Options {
  only: string;
  profile?: string;
  rounds: number;
  seconds: number;
  large?: boolean;
}

/** Adds the comparison of the service with its peers, which `bench` runs without a subcommand. */
export function addComparison(command: Command): Command {
  return command
    .option('--only <text>', 'rows whose name contains this', '')
    .option('--rounds <n>', 'rounds of each row', Number, 5)
    .option('--seconds <n>', 'duration of one turn', Number, 2)
    .option('--large', '1,000,000 users and 100,000 posts')
    .option('--profile <row>', 'profile the service under the load of one row, print the shares')
    .action(compare);
}

async function compare(options: Options): Promise<void> {
  const size = options.large ? LARGE : NORMAL;
  if (options.profile !== undefined) return profileRow(options.profile, size, options.seconds);
  await withStage(size, [SERVICE, REFERENCE], async ({ contenders, loader }) => {
    const [service] = contenders;
    const tokens = await signIn(service?.origin ?? '');
    const rows = rowsOf(size, tokens).filter(({ name }) => name.includes(options.only));
    for (const row of rows) {
      await assertAgreement(row, contenders);
      print(await runRow(loader, row, contenders, options));
    }
  });
}

function print({ row, standings, thrownAway, isDisturbed }: RowResult): void {
  const notes = [
    row.target === null ? '' : `, target ${row.target}`,
    thrownAway > 0 ? `, ${thrownAway} rounds thrown away` : '',
    isDisturbed ? ', DISTURBED' : '',
  ].join('');
  console.log(`${row.name}${notes}`);
  for (const { name, rate, cost, absolute } of standings) {
    console.log(
      `  ${name.padEnd(8)} rate ${range(rate)}, processor time ${range(cost)} ` +
        `(here ${absolute.rate.toFixed(0)}/s, ${(absolute.cost * 1e6).toFixed(0)} µs, ` +
        `p99 ${absolute.p99.toFixed(1)} ms)`,
    );
  }
}

function range({ median, min, max }: { median: number; min: number; max: number }): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}
