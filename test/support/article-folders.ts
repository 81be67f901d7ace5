import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { query, temporaryDirectory } from '../src/db/embedded/support.js';
import { run } from './command.js';
import { createTestDatabase } from './database.js';

export type Files = Record<string, string>;

export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** The Markdown files of a folder by their paths. */
export function read(folder: string): Files {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.md')).sort();
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** A database, a folder, and the two commands. */
export async function place(t: Test) {
  const DATABASE_URL = await createTestDatabase(t);
  const folder = temporaryDirectory(t);
  return {
    folder,
    rows: (sql: string) => query(DATABASE_URL, sql),
    importAll: (...args: string[]) => run(['import', folder, ...args], { DATABASE_URL }),
    importFrom: (from: string, ...args: string[]) =>
      run(['import', from, ...args], { DATABASE_URL }),
    exportTo: (to: string, ...args: string[]) => run(['export', to, ...args], { DATABASE_URL }),
  };
}
