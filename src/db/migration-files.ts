import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';
import { type Preparation, preparations } from './preparations.js';

/** A database migration: SQL to apply it, and SQL to revert it. */
export interface Migration {
  /** Sequence number and words, such as `0001_users`. */
  name: string;
  up: string;
  down: string;
  /** Runs before `up`, in the same transaction. */
  prepare?: Preparation;
  /** SHA-256 of `up` in hex; an applied migration must not change. */
  checksum: string;
}

/** The project's migrations folder. */
export const MIGRATIONS_FOLDER = join(projectRoot, 'migrations');

const UP_FILE = /^(\d{4}_[a-z0-9_]+)\.up\.sql$/;

/**
 * Reads the migrations of a folder, in order.
 *
 * @throws Error if a migration has no `.down.sql`, or two migrations have the same number
 */
export function readMigrations(folder: string = MIGRATIONS_FOLDER): Migration[] {
  const names = readdirSync(folder)
    .map((file) => UP_FILE.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
  const numbers = new Set<string>();
  return names.map((name) => {
    const number = name.slice(0, 4);
    if (numbers.has(number)) throw new Error(`Two migrations have the number ${number}.`);
    numbers.add(number);
    const up = readFileSync(join(folder, `${name}.up.sql`), 'utf8');
    const downFile = join(folder, `${name}.down.sql`);
    if (!existsSync(downFile)) throw new Error(`The migration ${name} has no ${name}.down.sql.`);
    const down = readFileSync(downFile, 'utf8');
    const checksum = createHash('sha256').update(up).digest('hex');
    const prepare = preparations[name];
    return { name, up, down, checksum, ...(prepare === undefined ? {} : { prepare }) };
  });
}

/**
 * Creates the two files of a new migration, numbered after the last one.
 *
 * @param words lower-case description with `_` between words, such as `add_last_login`
 * @returns the paths of the files
 * @throws Error if `words` has other characters or more than 60
 */
export function createMigration(words: string, folder: string = MIGRATIONS_FOLDER): string[] {
  if (!/^[a-z0-9_]{1,60}$/.test(words)) {
    throw new Error('The name of a migration has lower-case letters, digits and _ only.');
  }
  const last = readMigrations(folder).at(-1)?.name.slice(0, 4) ?? '0000';
  const name = `${String(Number(last) + 1).padStart(4, '0')}_${words}`;
  return ['up', 'down'].map((direction) => {
    const path = join(folder, `${name}.${direction}.sql`);
    writeFileSync(path, `-- ${name}: ${direction}\n`, { flag: 'wx' });
    return path;
  });
}
