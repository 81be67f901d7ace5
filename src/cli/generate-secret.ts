import { Command } from 'commander';
import { generateSecret } from '../secret-key.js';

/** `generate-secret`: a value for `SECRET_KEY`. */
export function generateSecretCommand(): Command {
  return new Command('generate-secret')
    .description('Prints a new random secret of 64 hexadecimal digits, for SECRET_KEY')
    .action(() => console.log(generateSecret()));
}
