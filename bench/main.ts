import { Command } from 'commander';
import { benchAttacks } from './attacks/attacks.js';
import { benchBoards } from './boards.js';
import { addComparison } from './compare/command.js';
import { benchErrors } from './errors.js';
import { benchExport } from './export.js';
import { benchGrowth } from './growth.js';
import { benchLive } from './live/live.js';
import { benchLogins } from './logins.js';
import { benchValidation } from './validation.js';

const program = new Command('bench')
  .description(
    'Measures the compiled service. Without a command, it compares the service with its peers; ' +
      'figures are for comparing runs on one machine.',
  )
  .helpCommand(false)
  // The options of a subcommand are its own, even if the comparison has some of the same name.
  .enablePositionalOptions()
  .addCommand(benchAttacks())
  .addCommand(benchBoards())
  .addCommand(benchErrors())
  .addCommand(benchExport())
  .addCommand(benchGrowth())
  .addCommand(benchLive())
  .addCommand(benchLogins())
  .addCommand(benchValidation());
await addComparison(program).parseAsync();
