import { Command, InvalidArgumentError } from 'commander';
import { createMigration, readMigrations } from '#src/db/migration-files.js';
import { migrateDown, migrateUp, migrationStatus } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import { withDatabaseUrl } from './context.js';

/** `db up | down | status | new`: the steps of the database. */
export function db(): Command {
  const command = new Command('db')
    .description('Moves the database from step to step')
    .helpCommand(false);

  command
    .command('up')
    .description('apply every migration that has not been applied')
    .action(async () => {
      const names = await withDatabaseUrl((url) => migrateUp(url, readMigrations(), [jobQueue]));
      report('applied', names, 'Nothing to apply.');
    });

  command
    .command('down')
    .description('take back the newest migrations; what they made is lost')
    .option('--steps <n>', 'how many', parseSteps, 1)
    .action(async ({ steps }: { steps: number }) => {
      const names = await withDatabaseUrl((url) =>
        migrateDown(url, readMigrations(), { steps, companions: [jobQueue] }),
      );
      report('took back', names, 'Nothing to take back.');
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
    .description('write the two files of a new migration; the name in lower case, with _')
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
  if (!Number.isInteger(steps) || steps < 1) throw new InvalidArgumentError('a number from 1 on');
  return steps;
}
