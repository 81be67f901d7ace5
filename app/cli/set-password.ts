import { Command } from 'commander';
import { ADMIN_PASSWORD_VARIABLE } from '#app/config.js';
import { systemContext } from '#src/access/context.js';
import { findAccount, overwritePassword } from '#src/people/services/password-overwrite.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { withDatabase } from './context.js';
import { assertGoodPassword, newPassword } from './prompts.js';

/** `set-password` */
export function setPassword(): Command {
  return new Command('set-password')
    .description(
      'Sets the password of a user, and ends their sessions and API keys; prompts for it unless ' +
        `${ADMIN_PASSWORD_VARIABLE} is set`,
    )
    .argument('<username>', 'username or email address')
    .action(async (login: string) => {
      await withDatabase(async (db) => {
        const context = systemContext(db);
        const user = await findAccount(context, login);
        if (user === null) throw new Error(`The user ${login} does not exist.`);
        const password = await newPassword();
        assertGoodPassword(password, user);
        await overwritePassword(context, user.id, await hashPassword(password));
        console.log(`Set the password of ${user.username}.`);
      });
    });
}
