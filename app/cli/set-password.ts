import { Command } from 'commander';
import { ADMIN_PASSWORD_VARIABLE } from '#app/config.js';
import { systemContext } from '#src/access/context.js';
import { findAccount, overwritePassword } from '#src/people/services/password-overwrite.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { withDatabase } from './context.js';
import { say } from './language.js';
import { assertGoodPassword, newPassword } from './prompts.js';

/** `set-password` */
export function setPassword(): Command {
  return new Command('set-password')
    .description(
      say(
        'Sets the password of a user, and ends their sessions, API keys and calendar token; prompts for it unless {variable} is set',
        { variable: ADMIN_PASSWORD_VARIABLE },
      ),
    )
    .argument('<username>', say('username or email address'))
    .action(async (login: string) => {
      // Asks first: the embedded database would keep others out meanwhile.
      const password = await newPassword();
      await withDatabase(async (db) => {
        const context = systemContext(db);
        const user = await findAccount(context, login);
        if (user === null) throw new Error(say('The user {login} does not exist.', { login }));
        assertGoodPassword(password, user);
        await overwritePassword(context, user.id, await hashPassword(password));
        const { username } = user;
        console.log(say('Set the password of {username}.', { username }));
      });
    });
}
