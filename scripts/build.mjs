// Compiles the service into dist/: `npm run build`.
//
// tsc compiles incrementally and trusts its record without looking at dist/. So the record goes if
// an output is missing, and outputs without a source go before it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { filesBelow, ROOT } from './files.mjs';

const FOLDERS = ['app', 'routes', 'plugins', 'src', 'schemas'];
const RECORD = 'dist/.tsbuildinfo';

const outputs = new Set(
  FOLDERS.flatMap(filesBelow)
    .filter((path) => /(?<!\.d)\.tsx?$/.test(path))
    .map((path) => `dist/${path.replace(/\.tsx?$/, '.js')}`),
);

const isStale = (path) => !outputs.has(path.replace(/\.map$/, '')) && path !== RECORD;
for (const path of filesBelow('dist').filter(isStale)) rmSync(join(ROOT, path));
if ([...outputs].some((path) => !existsSync(join(ROOT, path)))) {
  rmSync(join(ROOT, RECORD), { force: true });
}

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
