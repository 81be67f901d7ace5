import { Command } from 'commander';
import { benchExport } from './export.js';

await new Command('bench')
  .description('Measures the compiled service; figures are for comparing runs on one machine')
  .helpCommand(false)
  .addCommand(benchExport())
  .parseAsync();
