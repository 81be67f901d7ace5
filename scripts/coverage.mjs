// Reports the test coverage of the service, by lines of its sources. Node records it in every
// process, including those that tests start. Files that were never loaded count as uncovered.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Report } from 'c8';
import { filesBelow, ROOT } from './files.mjs';
import { BUILD } from './transpile.mjs';

/** The folder where Node writes raw coverage. */
export const rawCoverage = join(BUILD, 'coverage');

const FOLDERS = ['app', 'routes', 'plugins', 'src', 'schemas'];

/** Minimum coverage in percent, slightly below the current values. */
const LEAST = { lines: 97, branches: 92, functions: 96 };

/** Prints uncovered lines. @returns 0, or 1 if coverage is below a minimum */
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

/** Returns the modules of files that contain only types: they are empty and never loaded. */
function withoutCode() {
  return FOLDERS.flatMap((folder) => filesBelow(`build/${folder}`)).filter(
    (path) => path.endsWith('.js') && readFileSync(join(ROOT, path), 'utf8').startsWith('//#'),
  );
}
