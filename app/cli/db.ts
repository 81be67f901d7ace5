import { Command, InvalidArgumentError } from 'commander';
import { createMigration, type Migration, readMigrations } from '#src/db/migration-files.js';
import { migrateDown, migrateUp, migrationStatus, stampMigrations } from '#src/db/migrator.js';
import { jobQueue } from '#src/queue/install.js';
import type { Sentence } from './chinese.js';
import { withDatabaseUrl } from './context.js';
import { say } from './language.js';
import { confirm } from './prompts.js';

/** `db up | down | status | new`: database migrations. */
export function db(): Command {
  const command = new Command('db').description(say('Runs database migrations')).helpCommand(false);

  command
    .command('up')
    .description(say('apply all pending migrations'))
    .action(async () => {
      const names = await withDatabaseUrl((url) => migrateUp(url, readMigrations(), [jobQueue]));
      report('applied {name}', names, 'Nothing to apply.');
    });

  command
    .command('down')
    .description(
      say(
        'revert the newest migrations: deletes the tables and columns they created, with their data',
      ),
    )
    .option('--steps <n>', say('number of migrations to revert'), parseSteps, 1)
    .option('--yes', say('do not ask for confirmation'))
    .action(async ({ steps, yes = false }: { steps: number; yes?: boolean }) => {
      if (!yes) {
        await confirm(
          say('Revert the newest migrations ({steps}) and delete their data?', { steps }),
        );
      }
      const names = await withDatabaseUrl((url) =>
        migrateDown(url, readMigrations(), { steps, companions: [jobQueue] }),
      );
      report('reverted {name}', names, 'Nothing to revert.');
    });

  command
    .command('status')
    .description(say('list the migrations and when each was applied'))
    .action(async () => {
      const rows = await withDatabaseUrl((url) => migrationStatus(url, readMigrations()));
      for (const { name, applied_at } of rows)
        console.log(`${applied_at ?? say('not applied')}\t${name}`);
    });

  command
    .command('stamp')
    .description(
      say(
        'mark migrations as applied without running them, up to and including <name>; for a database that has their tables already',
      ),
    )
    .argument('<name>', say('name of the last migration to mark, or `head` for all'))
    .action(async (name: string) => {
      const migrations = migrationsUpTo(name);
      const names = await withDatabaseUrl((url) => stampMigrations(url, migrations));
      report('marked {name}', names, 'Nothing to mark.');
    });

  command
    .command('new <name>')
    .description(say('create the two files of a migration; the name is lowercase with underscores'))
    .action((name: string) => {
      for (const path of createMigration(name)) console.log(path);
    });

  return command;
}

/** `init-db`: all tables, under the name that other frameworks have for it. */
export function initDb(): Command {
  return new Command('init-db')
    .description(say('Creates all tables and indexes; the same as `db up`'))
    .action(async () => {
      await withDatabaseUrl((url) => migrateUp(url, readMigrations(), [jobQueue]));
      console.log(say('The database is initialized.'));
    });
}

function migrationsUpTo(last: string): Migration[] {
  const migrations = readMigrations();
  if (last === 'head') return migrations;
  const index = migrations.findIndex(({ name }) => name === last);
  if (index === -1) throw new Error(say('There is no migration {name}.', { name: last }));
  return migrations.slice(0, index + 1);
}

function report(sentence: Sentence, names: string[], otherwise: Sentence): void {
  if (names.length === 0) console.log(say(otherwise));
  for (const name of names) console.log(say(sentence, { name }));
}

function parseSteps(text: string): number {
  const steps = Number(text);
  if (!Number.isInteger(steps) || steps < 1)
    throw new InvalidArgumentError(say('Must be an integer of at least 1.'));
  return steps;
}
