// Transpiles the TypeScript files of the project into build/, in the same tree, for the tests. This
// happens once before a run, so no test process compiles anything.
//
// dist/ belongs to tsc: its incremental compilation would not notice files written by others.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileContract } from './compile-contract.mjs';
import { filesBelow, ROOT } from './files.mjs';

export const BUILD = join(ROOT, 'build');

const FOLDERS = [
  ...['app', 'routes', 'plugins', 'src', 'schemas', 'test', 'bench'],
  ...['openapi/client', 'openapi/tools'],
];

/** Updates build/ and deletes files that no longer have a source. */
export async function transpile() {
  const sources = FOLDERS.flatMap(filesBelow);
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: sources.filter((path) => /(?<!\.d)\.ts$/.test(path)),
    outdir: BUILD,
    outbase: ROOT,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Coverage and stack traces refer to lines of the sources, which are read from disk.
    sourcemap: true,
    sourcesContent: false,
    write: false,
    logLevel: 'warning',
  });
  const wanted = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  // Compiled files load JavaScript files by relative path, so these are copied.
  for (const path of sources.filter((each) => /^test\/.*\.mjs$/.test(each))) {
    wanted.set(join(BUILD, path), readFileSync(join(ROOT, path)));
  }
  for (const [path, text] of compileContract(BUILD)) wanted.set(path, text);
  for (const [path, text] of wanted) writeIfChanged(path, text);
  for (const folder of FOLDERS) prune(join('build', folder), wanted);
}

/** Replaces a file atomically, because another run in this checkout may be reading it. */
export function writeIfChanged(path, text) {
  const bytes = Buffer.from(text);
  if (existsSync(path) && readFileSync(path).equals(bytes)) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, bytes);
  renameSync(draft, path);
}

function prune(folder, wanted) {
  for (const path of filesBelow(folder)) {
    if (!wanted.has(join(ROOT, path))) rmSync(join(ROOT, path), { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await transpile();
