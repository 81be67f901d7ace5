import { Command } from 'commander';
import { read } from 'read';
import { definitions } from '../../schemas/index.js';
import { UserCreate } from '../../schemas/users.js';
import { ADMIN_PASSWORD_VARIABLE, adminPassword } from '../config.js';
import { toPostgresAnswer } from '../db/postgres-errors.js';
import { brokenPasswordRules } from '../lib/password-policy.js';
import { hashPassword } from '../lib/passwords.js';
import { compileSchema } from '../lib/validation/compile.js';
import { insertUser } from '../stores/users.js';
import { withDatabase } from './context.js';

const validate = compileSchema(UserCreate, { definitions });

/** `create-admin`: an administrator. The password is no argument: those are there for all to see. */
export function createAdmin(): Command {
  return new Command('create-admin')
    .description(
      `Creates an administrator; the password is asked for, or taken from ${ADMIN_PASSWORD_VARIABLE}`,
    )
    .argument('<username>', 'to sign in with')
    .argument('[email]', 'e-mail address')
    .action(async (username: string, email: string | undefined) => {
      const user = parseUser({ username, email: email ?? null, role: 'admin' });
      const password = adminPassword() ?? (await askForPassword());
      const broken = brokenPasswordRules(password);
      if (broken.length > 0) throw new Error(`${broken.join('. ')}.`);
      const passwordHash = await hashPassword(password);
      await withDatabase((db) => insertUser(db, { ...user, password_hash: passwordHash })).catch(
        explainDuplicate,
      );
      console.log(`Created the administrator ${username}.`);
    });
}

function parseUser(input: unknown): UserCreate {
  const result = validate(input);
  if ('value' in result) return result.value as UserCreate;
  throw new Error(result.errors.map(({ loc, msg }) => `${loc.join('.')}: ${msg}.`).join(' '));
}

async function askForPassword(): Promise<string> {
  const options = { silent: true, output: process.stderr };
  const password = await read({ ...options, prompt: 'Password: ' });
  process.stderr.write('\n');
  const repeated = await read({ ...options, prompt: 'Again: ' });
  process.stderr.write('\n');
  if (password !== repeated) throw new Error('The two passwords differ.');
  return password;
}

function explainDuplicate(error: unknown): never {
  const answer = toPostgresAnswer(error);
  if (answer?.kind === 'duplicate') throw new Error(`The ${answer.field} is already taken.`);
  throw error;
}
