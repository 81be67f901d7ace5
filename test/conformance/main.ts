/** `npm run conformance -- <folder>`: recorded requests of FastAPI against our validator. */
import { resolve } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';
import { runConformance, total } from './run.js';

const [given] = process.argv.slice(2);
const folder =
  given === undefined ? resolve(projectRoot, 'test/fixtures/fastapi-422') : resolve(given);
if (given === '--help') {
  console.log(
    'npm run conformance -- [folder with cases.json or matrix.json and matrix-openapi.json]',
  );
  process.exit(0);
}

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
process.exitCode = total(failed) === 0 && total(passed) > 0 ? 0 : 1;
