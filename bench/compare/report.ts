import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';
import { chart } from './chart.js';
import type { Extra } from './extras.js';
import { CEILING } from './participants.js';
import { PEER_PROGRAMS, REFERENCE, SERVICE } from './programs.js';
import type { Ratio, RowResult } from './rounds.js';
import { type SavedRow, type Section, sectionOf } from './saved.js';

/** All results of the last full runs, by the size of the data. */
export interface Saved {
  normal?: Section;
  large?: Section;
}

const FOLDER = join(projectRoot, 'bench');
const SAVED = join(FOLDER, 'ratios.json');

const HEADINGS = {
  normal: '10,000 users and 20,000 posts',
  large: '1,000,000 users and 100,000 posts',
} as const;

/** Returns the committed results; empty if there are none. */
export function readSaved(): Saved {
  try {
    return JSON.parse(readFileSync(SAVED, 'utf8')) as Saved;
  } catch {
    return {};
  }
}

/** Writes the results of a full run: `ratios.json`, `RESULTS.md` and its charts. */
export function writeReport(
  size: keyof Saved,
  results: readonly RowResult[],
  extras: readonly Extra[],
  rounds: number,
): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'processor'}`;
  const versions = `Node.js ${process.version}, ${postgresVersion()}`;
  const section = sectionOf(results, extras, { rounds, machine, versions });
  const saved = { ...readSaved(), [size]: section };
  writeFileSync(SAVED, `${JSON.stringify(saved, null, 2)}\n`);
  // So that the linter finds nothing to change.
  execFileSync('npx', ['biome', 'format', '--write', SAVED], { cwd: projectRoot, stdio: 'ignore' });
  render(saved);
}

/** Writes `RESULTS.md` and its charts. */
export function render(saved: Saved): void {
  const parts = (['normal', 'large'] as const).flatMap((each) => {
    const found = saved[each];
    if (found === undefined) return [];
    const file = `results-${each}.svg`;
    writeFileSync(join(FOLDER, file), chart(found.rows, HEADINGS[each]));
    return [`## ${HEADINGS[each]}\n\n![Ratios to L1](${file})\n\n${tables(found)}`];
  });
  writeFileSync(join(FOLDER, 'RESULTS.md'), `${INTRODUCTION}\n\n${parts.join('\n\n')}\n`);
}

const INTRODUCTION = `# Results

\`npm run bench\` writes this file. Every figure is a ratio to L1, a server by hand, and means nothing on another machine: compare columns, not files. A cell has the median of the rounds, and the smallest and largest of them.

| column | program |
|---|---|
${[SERVICE, REFERENCE, ...PEER_PROGRAMS].map(({ name, title }) => `| ${name} | ${title} |`).join('\n')}
| ${CEILING} | the same SQL without a server: PostgreSQL's own ceiling, over 10 connections |

L1 and the other peers do the work of a row and nothing else: they have no access log, security headers, request ids, limits or cache. The load has 32 connections. It runs on the same machine, and takes a part of it. [README.md](README.md#rows-below-their-target) says why rows are below their target.`;

function tables({ rows, extras, rounds, machine, versions }: Section): string {
  const names = columnsOf(rows);
  const disturbed = rows.filter(({ isDisturbed }) => isDisturbed).length;
  return [
    `${rounds} rounds on ${machine}; ${versions}.` +
      (disturbed > 0
        ? ` Rows marked with \\* were disturbed by other programs: ${disturbed} of ${rows.length}.`
        : ''),
    'Requests per second, relative to L1. More is better.',
    table(['work', 'target', ...names], rows, ({ name, target, isDisturbed, standings }) => [
      isDisturbed ? `${name} \\*` : name,
      target === null ? '' : `≥ ${target}`,
      ...names.map((each) => cell(standings[each]?.rate)),
    ]),
    'Processor time of the server per request, relative to L1. Less is better.',
    table(['work', ...names.filter((each) => each !== CEILING)], rows, ({ name, standings }) => [
      name,
      ...names.filter((each) => each !== CEILING).map((each) => cell(standings[each]?.cost)),
    ]),
    ...(extras.length === 0
      ? []
      : [
          'The processes themselves, relative to L1. Less is better.',
          table(['what', ...names.filter((each) => each !== CEILING)], extras, (extra) => [
            extra.name,
            ...names.filter((each) => each !== CEILING).map((each) => number(extra.ratios[each])),
          ]),
        ]),
  ].join('\n\n');
}

function table<T>(header: string[], rows: readonly T[], cells: (row: T) => string[]): string {
  const line = (each: string[]) => `| ${each.join(' | ')} |`;
  const rule = `|${header.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`;
  return [line(header), rule, ...rows.map((row) => line(cells(row)))].join('\n');
}

function columnsOf(rows: readonly SavedRow[]): string[] {
  const names = new Set(rows.flatMap(({ standings }) => Object.keys(standings)));
  names.delete('L1');
  return [...names];
}

function cell(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '';
  return `**${number(ratio.median)}** (${number(ratio.min)}–${number(ratio.max)})`;
}

function number(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

function postgresVersion(): string {
  const path = join(projectRoot, 'package.json');
  const { optionalDependencies = {} } = JSON.parse(readFileSync(path, 'utf8')) as {
    optionalDependencies?: Record<string, string>;
  };
  return `PostgreSQL ${Object.values(optionalDependencies)[0] ?? ''}`.trim();
}
