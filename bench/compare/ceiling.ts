import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '#src/lib/project-root.js';
import type { Ceiling } from './row.js';
import { measure, type Turn } from './turns.js';

/** As many connections as each pool has. */
const CLIENTS = 10;

const STATEMENTS = join(projectRoot, 'bench/peers/statements');

/** Returns the path of pgbench, or null if it is not installed. */
export function findPgbench(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort() : [];
  const folders = [
    ...versions.reverse().map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.map((folder) => join(folder, 'pgbench')).find(existsSync) ?? null;
}

/** Runs the statements of a row with pgbench for some seconds: what PostgreSQL itself can do. */
export async function takeCeilingTurn(
  pgbench: string,
  databaseUrl: string,
  { variables, statements }: Ceiling,
  seconds: number,
): Promise<Turn> {
  const path = join(tmpdir(), `althing-bench-${process.pid}.sql`);
  const texts = await Promise.all(
    Object.entries(statements).map(async ([name, values]) => {
      const sql = await readFile(join(STATEMENTS, `${name}.sql`), 'utf8');
      return `${sql.trim().replace(/\$(\d+)/g, (_, n) => values[Number(n) - 1] ?? 'null')};\n`;
    }),
  );
  await writeFile(path, `${variables.map((line) => `\\set ${line}\n`).join('')}${texts.join('')}`);
  try {
    return await measure(async () => {
      const { stdout } = await promisify(execFile)(pgbench, [
        ...['-n', '-M', 'prepared', '-c', String(CLIENTS), '-T', String(Math.ceil(seconds))],
        ...['-f', path, databaseUrl],
      ]);
      const rate = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
      const failed = Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0);
      if (!(rate > 0) || failed > 0) throw new Error(`pgbench: ${stdout}`);
      return { completed: rate * Math.ceil(seconds), seconds: Math.ceil(seconds), p99: Number.NaN };
    });
  } finally {
    await rm(path, { force: true });
  }
}
