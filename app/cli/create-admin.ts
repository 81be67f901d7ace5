import { Command } from 'commander';
import { read } from 'read';
import { ADMIN_PASSWORD_VARIABLE, adminPassword } from '#app/config.js';
import { definitions } from '#schemas/index.js';
import { UserCreate } from '#schemas/users.js';
import { systemContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { validationMessage } from '#src/lib/messages/index.js';
import { compileSchema } from '#src/lib/validation/index.js';
import { type BrokenPasswordRule, brokenPasswordRules } from '#src/people/lib/password-policy.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { withDatabase } from './context.js';

const validate = compileSchema(UserCreate, { definitions });

/** `create-admin`. The password is not an argument, because other users can see those. */
export function createAdmin(): Command {
  return new Command('create-admin')
    .description(
      `Creates an administrator; prompts for the password unless ${ADMIN_PASSWORD_VARIABLE} is set`,
    )
    .argument('<username>', 'username to sign in with')
    .argument('[email]', 'email address')
    .action(async (username: string, email: string | undefined) => {
      const user = parseUser({ username, email: email ?? null, role: 'admin' });
      const password = adminPassword() ?? (await askForPassword());
      const broken = brokenPasswordRules(password, user);
      if (broken.length > 0) throw new Error(`${broken.map(sentenceOf).join('. ')}.`);
      const passwordHash = await hashPassword(password);
      await withDatabase((db) => writeAdministrator(db, user, passwordHash)).catch(
        explainDuplicate,
      );
      console.log(`Created the administrator ${username}.`);
    });
}

function sentenceOf({ type, ctx }: BrokenPasswordRule): string {
  return validationMessage('en', type, ctx);
}

function writeAdministrator(db: Database, user: UserCreate, passwordHash: string): Promise<void> {
  return inTransaction(systemContext(db), async (trx) => {
    const { id } = await insertUser(trx.db, { ...user, password_hash: passwordHash });
    await record(trx, { action: 'user.create', id, after: user });
  });
}

function parseUser(input: unknown): UserCreate {
  const result = validate(input);
  if ('value' in result) return result.value as UserCreate;
  const problems = result.errors.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`);
  throw new Error(problems.map((problem) => problem.replace(/\.?$/, '.')).join(' '));
}

async function askForPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new Error(
      `There is no terminal to prompt for the password: set ${ADMIN_PASSWORD_VARIABLE}.`,
    );
  }
  const password = await ask('Password: ');
  if (password !== (await ask('Again: '))) throw new Error('The two passwords do not match.');
  return password;
}

async function ask(prompt: string): Promise<string> {
  // `read` never settles when the input ends without an answer.
  let ended = () => {};
  const end = new Promise<never>((_resolve, reject) => {
    ended = () => reject(new Error('the input ended'));
  });
  process.once('beforeExit', ended);
  try {
    return await Promise.race([read({ prompt, silent: true, output: process.stderr }), end]);
  } catch {
    throw new Error('No password was given.');
  } finally {
    process.off('beforeExit', ended);
    process.stderr.write('\n');
  }
}

function explainDuplicate(error: unknown): never {
  const answer = toPostgresFailure(error);
  if (answer?.kind === 'duplicate') throw new Error(`The ${answer.field} is already taken.`);
  throw error;
}
