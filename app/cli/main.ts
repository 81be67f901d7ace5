import { Command } from 'commander';
import { describeFailure } from '#app/start-failure.js';
import { projectVersion } from '#src/lib/project-root.js';
import { exportCommand, importCommand, renderCommand } from './articles.js';
import { createAdmin } from './create-admin.js';
import { db, initDb } from './db.js';
import { docs } from './docs.js';
import { generateSecretCommand } from './generate-secret.js';
import { invite } from './invite.js';
import { HELP, say } from './language.js';
import { openapi } from './openapi.js';
import { seed } from './seed.js';
import { setPassword } from './set-password.js';
import { tasks } from './tasks.js';

const program = new Command('althing')
  .description(say('Administers Althing: its database, its administrators and its contract.'))
  .version(projectVersion)
  .helpCommand(false)
  .addCommand(initDb())
  .addCommand(db())
  .addCommand(seed())
  .addCommand(importCommand())
  .addCommand(exportCommand())
  .addCommand(renderCommand())
  .addCommand(tasks())
  .addCommand(createAdmin())
  .addCommand(setPassword())
  .addCommand(invite())
  .addCommand(generateSecretCommand())
  .addCommand(openapi())
  .addCommand(docs());

setHelp(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`${say('error: ')}${describeFailure(error)}`);
  // Exits explicitly: after an interruption a statement may still be running.
  process.exit(1);
}

function setHelp(command: Command): void {
  command.configureHelp(HELP);
  for (const inner of command.commands) setHelp(inner);
}
