import { type Command, Option } from 'commander';
import { findPgbench } from './ceiling.js';
import { signIn } from './credentials.js';
import { type Extra, measureMemory, measureStarts } from './extras.js';
import { type DataSize, LARGE, NORMAL, removeWritten } from './fill.js';
import { moreRowsOf } from './more-rows.js';
import { participantsOf } from './participants.js';
import { profileRow } from './profile.js';
import { installed, PEER_PROGRAMS, REFERENCE, SERVICE } from './programs.js';
import { runQuick } from './quick.js';
import { writeReport } from './report.js';
import { type RowResult, runRow } from './rounds.js';
import type { Row } from './row.js';
import { rowsOf } from './rows.js';
import { type Stage, Stopped, withStage } from './stage.js';

/** The status of a program that SIGINT has ended. */
const STOPPED = 130;

interface Options {
  only: string;
  peers: boolean;
  profile?: string;
  quick?: boolean;
  rounds: number;
  seconds: number;
  repeats: number;
  large?: boolean;
}

/** Adds the comparison of the service with its peers, which `bench` runs without a subcommand. */
export function addComparison(command: Command): Command {
  return command
    .option('--only <text>', 'rows whose name contains this', '')
    .option('--rounds <n>', 'rounds of each row', Number, 5)
    .option('--seconds <n>', 'duration of one turn', Number, 2)
    .option('--repeats <n>', 'rounds of each row to repeat if the machine is busy', Number, 3)
    .option('--no-peers', 'compare with L1 only')
    .addOption(
      new Option(
        '--quick',
        'compare with the committed ratios in less than three minutes: pass or fail per row',
      ).conflicts('large'),
    )
    .option('--large', '1,000,000 users and 100,000 posts')
    .option('--profile <row>', 'profile the service under the load of one row, print the shares')
    .action(runToEnd);
}

/** Compares; after a signal, says so and nothing else. */
async function runToEnd(options: Options): Promise<void> {
  try {
    await compare(options);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    console.error(error.message);
    process.exitCode = STOPPED;
  }
}

async function compare(options: Options): Promise<void> {
  const size = options.large ? LARGE : NORMAL;
  if (options.profile !== undefined) return profileRow(options.profile, size, options.seconds);
  const withPeers = options.peers && !options.quick;
  const programs = [SERVICE, REFERENCE, ...(withPeers ? installed(PEER_PROGRAMS) : [])];
  if (withPeers && findPgbench() === null) {
    console.log('pgbench is skipped; install it with the package postgresql of your system');
  }
  await withStage(size, programs, async (stage) => {
    const rows = await rowsFor(stage, size, options);
    if (options.quick) {
      const withTarget = rows.filter(({ target }) => target !== null);
      if (!(await runQuick(withTarget, stage, size))) process.exitCode = 1;
      return;
    }
    const isFull = options.only === '' && withPeers;
    const write = (results: readonly RowResult[], extras: readonly Extra[]) => {
      if (isFull) writeReport(options.large ? 'large' : 'normal', results, extras, options.rounds);
    };
    const atRest = isFull ? await measureMemory('memory at rest', stage) : null;
    const results: RowResult[] = [];
    for (const row of rows) {
      const participants = await participantsOf(row, stage, withPeers);
      results.push(await runRow(row, participants, options));
      print(results.at(-1) as RowResult);
      // A run that breaks off leaves what it has measured.
      write(results, []);
      if (row.isWrite) await removeWritten(stage.databaseUrl, size);
    }
    // They take longer than a few rows.
    if (atRest === null) return;
    const afterLoad = await measureMemory('memory after the load', stage);
    const extras = [await measureStarts(programs, stage), atRest, afterLoad];
    for (const extra of extras) printExtra(extra);
    write(results, extras);
  });
}

async function rowsFor(stage: Stage, size: DataSize, { only }: Options): Promise<Row[]> {
  const credentials = await signIn(stage.contenders[0]?.origin ?? '');
  const all = [...rowsOf(size, credentials), ...moreRowsOf(size, credentials)];
  const rows = all.filter(({ name }) => name.includes(only));
  if (rows.length === 0) throw new Error(`No row contains "${only}".`);
  return rows;
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
      `  ${name.padEnd(8)} rate ${range(rate)}` +
        // PostgreSQL alone has neither.
        (Number.isNaN(cost.median)
          ? ` (here ${absolute.rate.toFixed(0)}/s)`
          : `, processor time ${range(cost)} (here ${absolute.rate.toFixed(0)}/s, ` +
            `${(absolute.cost * 1e6).toFixed(0)} µs, p99 ${absolute.p99.toFixed(1)} ms)`),
    );
  }
}

function range({ median, min, max }: { median: number; min: number; max: number }): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function printExtra({ name, ratios }: Extra): void {
  const each = Object.entries(ratios).map(([contender, ratio]) => `${contender} ${ratio}`);
  console.log(`${name}: ${each.join(', ')}`);
}
