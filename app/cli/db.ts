import { Command, InvalidArgumentError } from 'commander';
import { createMigration, readMigrations } from '#src/db/migration-files.js';
import { migrateDown, migrateUp, migrationStatus } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import { withDatabaseUrl } from './context.js';
import { confirm } from './prompts.js';

/** `db up | down | status | new`: database migrations. */
export function db(): Command {
  const command = new Command('db').description('Runs database migrations').helpCommand(false);

  command
    .command('up')
    .description('apply all pending migrations')
    .action(async () => {
      const names = await withDatabaseUrl((url) => migrateUp(url, readMigrations(), [jobQueue]));
      report('applied', names, 'Nothing to apply.');
    });

  command
    .command('down')
    .description(
      'revert the newest migrations: deletes the tables and columns they created, with their data',
    )
    .option('--steps <n>', 'number of migrations to revert', parseSteps, 1)
    .option('--yes', 'do not ask for confirmation')
    .action(async ({ steps, yes = false }: { steps: number; yes?: boolean }) => {
      const what = steps === 1 ? 'the newest migration' : `the newest ${steps} migrations`;
      if (!yes) await confirm(`Revert ${what} and delete their data?`);
      const names = await withDatabaseUrl((url) =>
        migrateDown(url, readMigrations(), { steps, companions: [jobQueue] }),
      );
      report('reverted', names, 'Nothing to revert.');
    });

  command
    .command('status')
    .description('list the migrations and when each was applied')
    .action(async () => {
      const rows = await withDatabaseUrl((url) => migrationStatus(url, readMigrations()));
      for (const { name, applied_at } of rows)
        console.log(`${applied_at ?? 'not applied'}\t${name}`);
    });

  command
    .command('new <name>')
    .description('create the two files of a migration; the name is lowercase with underscores')
    .action((name: string) => {
      for (const path of createMigration(name)) console.log(path);
    });

  return command;
}

function report(verb: string, names: string[], otherwise: string): void {
  if (names.length === 0) console.log(otherwise);
  for (const name of names) console.log(`${verb} ${name}`);
}

function parseSteps(text: string): number {
  const steps = Number(text);
  if (!Number.isInteger(steps) || steps < 1)
    throw new InvalidArgumentError('Must be an integer of at least 1.');
  return steps;
}
