/**
 * `npm run conformance -- <folder>`: recorded requests of FastAPI against our validator.
 * `npm run conformance -- --live`: random requests, beside a FastAPI that runs.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '#src/lib/project-root.js';
import { compareLive } from './live/main.js';
import { runConformance, total } from './run.js';

const HELP = `npm run conformance -- [folder with cases.json or matrix.json and matrix-openapi.json]
npm run conformance -- --live [--count=<requests>] [--seed=<number>] [--only=<request>] [--shown=<of each group>]`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean' },
    live: { type: 'boolean' },
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    shown: { type: 'string', default: '3' },
  },
});

if (values.help === true) console.log(HELP);
else if (values.live === true) {
  const only = values.only === undefined ? undefined : Number(values.only);
  const options = {
    count: Number(values.count),
    seed: Number(values.seed),
    only,
    shown: Number(values.shown),
  };
  process.exitCode = await compareLive(options);
} else process.exitCode = await compareRecordings(positionals[0]);

/** Returns the exit code. */
async function compareRecordings(given: string | undefined): Promise<number> {
  const folder =
    given === undefined ? resolve(projectRoot, 'test/fixtures/fastapi-422') : resolve(given);
  const { passed, failed, skipped, differences } = await runConformance(folder).catch(
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
  for (const group of [...new Set([...passed.keys(), ...failed.keys()])].sort()) {
    console.log(`${group}: ${passed.get(group) ?? 0} passed, ${failed.get(group) ?? 0} failed`);
  }
  for (const { id, reason } of skipped) console.log(`${id} is not run: ${reason}`);
  for (const { id, group, expected, actual } of differences) {
    console.log(`\n${id} (${group})`);
    console.log(`  expected ${JSON.stringify(expected)}`);
    console.log(`  actual   ${JSON.stringify(actual)}`);
  }
  console.log(`\n${total(passed)} passed, ${total(failed)} failed, ${skipped.length} not run`);
  return total(failed) === 0 && total(passed) > 0 ? 0 : 1;
}
