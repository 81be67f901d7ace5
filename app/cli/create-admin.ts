import { Command } from 'commander';
import { ADMIN_PASSWORD_VARIABLE } from '#app/config.js';
import { definitions } from '#schemas/index.js';
import { UserBulkItem } from '#schemas/users.js';
import { systemContext } from '#src/access/context.js';
import { record } from '#src/audit/audit.js';
import type { Database } from '#src/db/database.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { compileSchema } from '#src/lib/validation/index.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { assertGoodPassword, newPassword } from './prompts.js';

const validate = compileSchema(UserBulkItem, { definitions });

/** `create-admin` */
export function createAdmin(): Command {
  return new Command('create-admin')
    .description(
      say('Creates an administrator; prompts for the password unless {variable} is set', {
        variable: ADMIN_PASSWORD_VARIABLE,
      }),
    )
    .argument('<username>', say('username to sign in with'))
    .argument('[email]', say('email address'))
    .action(async (username: string, email: string | undefined) => {
      const user = parseUser({ username, email: email ?? null, role: 'admin' });
      const password = await newPassword();
      assertGoodPassword(password, user);
      const passwordHash = await hashPassword(password);
      await withDatabase((db) => writeAdministrator(db, user, passwordHash)).catch(
        explainDuplicate,
      );
      console.log(say('Created the administrator {username}.', { username }));
    });
}

function writeAdministrator(db: Database, user: UserBulkItem, passwordHash: string): Promise<void> {
  return inTransaction(systemContext(db), async (trx) => {
    const { id } = await insertUser(trx.db, { ...user, password_hash: passwordHash });
    await record(trx, { action: 'user.create', id, after: user });
  });
}

function parseUser(input: unknown): UserBulkItem {
  const result = validate(input);
  if ('value' in result) return result.value as UserBulkItem;
  const problems = result.errors.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`);
  throw new Error(problems.map((problem) => problem.replace(/\.?$/, '.')).join(' '));
}

function explainDuplicate(error: unknown): never {
  const answer = toPostgresFailure(error);
  if (answer?.kind === 'duplicate') {
    throw new Error(say('The {field} is already taken.', { field: answer.field }));
  }
  throw error;
}
