import { Command } from 'commander';
import { loadConfig } from '#app/config.js';
import { systemContext } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import { INVITATION_DAYS, inviteUser } from '#src/people/services/invitations.js';
import { findAccount } from '#src/people/services/password-overwrite.js';
import { withDatabase } from './context.js';
import { say } from './language.js';

/** `invite` */
export function invite(): Command {
  return new Command('invite')
    .description(say('Prints an invitation with which a user without a password can choose one'))
    .argument('<username>', say('username or email address'))
    .action(async (login: string) => {
      const { CLIENT_URL = null } = loadConfig();
      await withDatabase(async (db) => {
        const context = systemContext(db);
        const user = await findAccount(context, login);
        if (user === null) throw new Error(say('The user {login} does not exist.', { login }));
        const options = { sendsMail: false, clientUrl: CLIENT_URL };
        const { link, token } = await inviteUser(context, user.id, options).catch(explain);
        console.log(
          link ??
            say('Send this token to POST /api/v1/auth/reset-password as `token`: {token}', {
              token: token ?? '',
            }),
        );
        console.error(say('It works once, within {days} days.', { days: INVITATION_DAYS }));
      });
    });
}

function explain(error: unknown): never {
  if (error instanceof ApiError && error.code === 'not_invitable') {
    throw new Error(say('The user is deactivated or already has a password: use set-password.'));
  }
  throw error;
}
