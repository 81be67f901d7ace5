import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { Test } from 'tap';
import { exportCommand, importCommand, renderCommand } from '#app/cli/articles.js';
import { describeFailure } from '#app/start-failure.js';
import { query, temporaryDirectory } from '#test/src/db/embedded/support.js';
import type { Outcome } from './command.js';
import { createTestDatabase } from './database.js';

export type Files = Record<string, string>;

export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Returns the texts of the Markdown files below a folder, by relative path. */
export function read(folder: string): Files {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => path.endsWith('.md')).sort();
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** Creates a database and a folder, and returns the commands that work on them. */
export async function place(t: Test) {
  return placeAt(t, await createTestDatabase(t));
}

/** Same as {@link place}, with an existing database. */
export function placeAt(t: Test, DATABASE_URL: string) {
  const folder = temporaryDirectory(t);
  const importFrom = (from: string, ...args: string[]) =>
    runHere(importCommand(), [from, ...args], DATABASE_URL);
  return {
    folder,
    rows: (sql: string) => query(DATABASE_URL, sql),
    importAll: (...args: string[]) => importFrom(folder, ...args),
    importFrom,
    renderAll: () => runHere(renderCommand(), [], DATABASE_URL),
    exportTo: (to: string, ...args: string[]) =>
      runHere(exportCommand(), [to, ...args], DATABASE_URL),
  };
}

/** Runs a command in this process, because starting another takes longer than most commands. */
export async function runHere(command: Command, args: string[], url: string): Promise<Outcome> {
  const outcome: Outcome = { code: 0, stdout: '', stderr: '' };
  const { log, error } = console;
  const { DATABASE_URL: before } = process.env;
  console.log = (line) => {
    outcome.stdout += `${line}\n`;
  };
  console.error = (line) => {
    outcome.stderr += `${line}\n`;
  };
  process.env['DATABASE_URL'] = url;
  const interrupts = process.listeners('SIGINT');
  const terminations = process.listeners('SIGTERM');
  try {
    await command.parseAsync(args, { from: 'user' });
    outcome.code = Number(process.exitCode ?? 0);
  } catch (thrown) {
    outcome.code = 1;
    outcome.stderr += `error: ${describeFailure(thrown)}\n`;
  } finally {
    Object.assign(console, { log, error });
    process.exitCode = undefined;
    if (before === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = before;
    for (const [signal, kept] of [
      ['SIGINT', interrupts],
      ['SIGTERM', terminations],
    ] as const) {
      for (const listener of process.listeners(signal)) {
        if (!kept.includes(listener)) process.off(signal, listener);
      }
    }
  }
  return outcome;
}
