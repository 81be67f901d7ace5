// Runs the tests: `npm test`, `npm run test:quick` and `npm run test:coverage`.
//
//   node scripts/test.mjs [--quick] [--coverage] [--exclude=<glob>]... [<file or folder>...] [<option of tap>...]
//
// Without a file, runs all tests in the processes of test-groups.mjs. A named file runs in its own
// process, so tap's --only and --grep apply to its tests.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import './vendor-assets.mjs';
import './build-tap.mjs';
import { rawCoverage, reportCoverage } from './coverage.mjs';
import { filesBelow, ROOT } from './files.mjs';
import { planProcesses } from './test-groups.mjs';
import { BUILD, transpile, writeIfChanged } from './transpile.mjs';

// One folder per run: another run in this checkout has other groups.
const GROUPS_FOLDER = join(BUILD, 'groups', String(process.pid));

const given = process.argv.slice(2);
const flags = new Set(given.filter((each) => each === '--quick' || each === '--coverage'));
const excluded = given
  .filter((each) => each.startsWith('--exclude='))
  .map((each) => each.slice(10));
const rest = given.filter((each) => !flags.has(each) && !each.startsWith('--exclude='));
const named = rest.filter((each) => existsSync(join(ROOT, each)));
const options = rest.filter((each) => !named.includes(each));
const missing = options.filter((each) => /\.ts$/.test(each));
if (missing.length > 0) {
  process.stderr.write(`There is no ${missing.join(', ')}\n`);
  process.exit(2);
}

await transpile();

const all = filesBelow('test').filter((path) => path.endsWith('.test.ts'));
const wanted = all.filter((path) => !excluded.some((glob) => matches(glob, path)));
const files =
  named.length > 0
    ? namedFiles()
    : writeGroups(planProcesses(wanted, { quick: flags.has('--quick') }));
if (files.length === 0) {
  process.stderr.write('No test file is left\n');
  process.exit(2);
}
const status = await runTap(files).finally(() => {
  rmSync(GROUPS_FOLDER, { recursive: true, force: true });
});
process.exitCode = flags.has('--coverage') ? (await reportCoverage()) || status : status;

/** Returns the compiled paths of the named files and of all tests in the named folders. */
function namedFiles() {
  const inside = named.flatMap((path) => {
    const clean = relative(ROOT, join(ROOT, path)).replaceAll('\\', '/');
    return all.filter((each) => each === clean || each.startsWith(`${clean}/`));
  });
  return [...new Set(inside)].map(compiledPath);
}

function compiledPath(path) {
  return `build/${path.replace(/\.ts$/, '.js')}`;
}

/** `**` matches any path, `*` any name. */
function matches(glob, path) {
  const pattern = glob
    .split(/(\*\*|\*)/)
    .map(
      (part) => ({ '**': '.*', '*': '[^/]*' })[part] ?? part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${pattern}$`).test(path);
}

function writeGroups(processes) {
  return processes.map(({ name, files: own }) => {
    const entries = own.map((path) => {
      const url = JSON.stringify(`../../${path.replace(/\.ts$/, '.js')}`);
      return `  { name: ${JSON.stringify(path)}, load: () => import(${url}) },\n`;
    });
    const path = join(GROUPS_FOLDER, `${name}.test.js`);
    writeIfChanged(
      path,
      `import { runTestFiles } from '#test/support/group.js';\n\nrunTestFiles([\n${entries.join('')}]);\n`,
    );
    return relative(ROOT, path);
  });
}

function runTap(paths) {
  const manifest = createRequire(import.meta.url).resolve('tap/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  const program = join(dirname(manifest), bin.tap ?? bin);
  if (flags.has('--coverage')) rmSync(rawCoverage, { recursive: true, force: true });
  const child = spawn(
    process.execPath,
    [program, '--node-arg=--conditions=althing-test', ...options, ...paths],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        // Otherwise tap measures the coverage of before.js and after.js and rejects it as too low.
        _TAPJS_PROCESSINFO_COVERAGE_: '0',
        ...(flags.has('--coverage') ? { NODE_V8_COVERAGE: rawCoverage } : {}),
      },
    },
  );
  // tap forwards the signal and reports the tests that were running.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code ?? 1));
  });
}
