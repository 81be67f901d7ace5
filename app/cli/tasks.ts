import { Command } from 'commander';
import { say } from './language.js';

// The Markdown renderer is imported on demand, because loading it would slow down every command.

/** `tasks`: tasks of a project from and to a file. */
export function tasks(): Command {
  const command = new Command('tasks')
    .helpCommand(false)
    .description(
      say('Imports and exports the tasks of a project as JSON lines (.jsonl) or CSV (.csv)'),
    );
  command
    .command('export')
    .description(
      say(
        'Writes all tasks of a project except those in the trash, column by column, without their comments and relations. CSV is for spreadsheets: an apostrophe stands before each text that one would calculate.',
      ),
    )
    .argument('<key>', say('key of the project'))
    .argument('<file>', say('file to write'))
    .option('--force', say('overwrite an existing file'))
    .action(async (key: string, file: string, options: { force?: boolean }) => {
      const { exportTaskFile } = await import('./export-tasks.js');
      await exportTaskFile(key, file, options);
    });
  command
    .command('import')
    .description(
      say(
        'Creates the tasks of a file in a project: all of them, or none if one is not valid. A task whose number the project has is left out. Labels that are missing are created. Assignees and creators who are not members are left out. Limits of columns do not apply, and nobody is notified.',
      ),
    )
    .argument('<key>', say('key of the project'))
    .argument('<file>', say('file to read'))
    .action(async (key: string, file: string) => {
      const { importTaskFile } = await import('./import-tasks.js');
      await importTaskFile(key, file);
    });
  return command;
}
