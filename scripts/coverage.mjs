// How much of the service the tests run, by lines of its sources. Node measures in every process,
// those that the tests start included; what was never loaded counts as not covered.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Report } from 'c8';
import { BUILD, filesBelow, ROOT } from './transpile.mjs';

/** Where Node writes what it has measured. */
export const rawCoverage = join(BUILD, 'coverage');

const FOLDERS = ['app', 'routes', 'plugins', 'src', 'schemas'];

/** Percent of which no less may be covered: a little below what it is. */
const LEAST = { lines: 97, branches: 92, functions: 96 };

/** Prints what is not covered. @returns 0, or 1 if that is too much */
export async function reportCoverage() {
  process.chdir(ROOT);
  const report = new Report({
    tempDirectory: rawCoverage,
    reportsDirectory: join(BUILD, 'coverage-report'),
    reporter: ['text', 'text-summary'],
    all: true,
    src: [ROOT],
    include: FOLDERS.map((folder) => `build/${folder}/**`),
    exclude: withoutCode(),
    extension: ['.js'],
    excludeNodeModules: true,
    mergeAsync: true,
    skipFull: true,
    resolve: '',
    omitRelative: true,
  });
  await report.run();
  const summary = (await report.getCoverageMapFromAllCoverageFiles()).getCoverageSummary();
  const short = Object.entries(LEAST).filter(([what, least]) => !(summary[what].pct >= least));
  for (const [what, least] of short) {
    process.stderr.write(`${summary[what].pct} % of the ${what} are covered, not ${least} %\n`);
  }
  return short.length === 0 ? 0 : 1;
}

/** What is nothing but types leaves an empty module, which nobody loads. */
function withoutCode() {
  return FOLDERS.flatMap((folder) => filesBelow(`build/${folder}`)).filter(
    (path) => path.endsWith('.js') && readFileSync(join(ROOT, path), 'utf8').startsWith('//#'),
  );
}
