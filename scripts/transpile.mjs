// Writes what the tests run into build/: each TypeScript file of the project as JavaScript, at the
// same place in the tree. Once before a run, so that no process of the run compiles anything.
//
// dist/ is tsc's alone: its incremental compilation would not see that somebody else wrote there.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileContract } from './compile-contract.mjs';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
export const BUILD = join(ROOT, 'build');

const FOLDERS = ['app', 'routes', 'plugins', 'src', 'schemas', 'test', 'bench', 'openapi/tools'];

/** Brings build/ up to date, and takes out of it what has no source any more. */
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
    // Coverage and stacks are told in lines of the sources, which are read from where they are.
    sourcemap: true,
    sourcesContent: false,
    write: false,
    logLevel: 'warning',
  });
  const wanted = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  // What is JavaScript already is loaded by its place beside a file that was compiled.
  for (const path of sources.filter((each) => /^test\/.*\.mjs$/.test(each))) {
    wanted.set(join(BUILD, path), readFileSync(join(ROOT, path)));
  }
  for (const [path, text] of compileContract(BUILD)) wanted.set(path, text);
  for (const [path, text] of wanted) writeIfChanged(path, text);
  for (const folder of FOLDERS) prune(join('build', folder), wanted);
}

/** The files below a folder, by their paths from the root, in order. */
export function filesBelow(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.includes('node_modules/'))
    .sort();
}

/** Another run in this checkout may read the file meanwhile: it finds the old one or the new one. */
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
