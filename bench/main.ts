import { Command } from 'commander';
import { benchArticles } from './articles.js';
import { benchAttacks } from './attacks/attacks.js';
import { benchErrors } from './errors.js';
import { benchExport } from './export.js';
import { benchLogins } from './logins.js';
import { benchValidation } from './validation.js';

await new Command('bench')
  .description('Measures the compiled service; figures are for comparing runs on one machine')
  .helpCommand(false)
  .addCommand(benchArticles())
  .addCommand(benchAttacks())
  .addCommand(benchErrors())
  .addCommand(benchExport())
  .addCommand(benchLogins())
  .addCommand(benchValidation())
  .parseAsync();
