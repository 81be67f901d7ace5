import { Command } from 'commander';
import { generateSecret } from '#app/secrets.js';
import { say } from './language.js';

/** `generate-secret`: prints a value for `SECRET_KEY` or `JWT_SECRET`. */
export function generateSecretCommand(): Command {
  return new Command('generate-secret')
    .description(
      say('Prints a new random secret of 64 hexadecimal digits, for SECRET_KEY or JWT_SECRET'),
    )
    .action(() => console.log(generateSecret()));
}
