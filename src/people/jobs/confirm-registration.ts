import type { Language } from '#src/lib/messages/index.js';
import { composeMail } from '#src/mail/mails.js';
import { mintSecret } from '#src/people/lib/random-secrets.js';
import { REGISTRATION_HOURS } from '#src/people/services/registrations.js';
import { findCredentials } from '#src/people/stores/accounts.js';
import * as registrations from '#src/people/stores/registrations.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { JobContext, Task } from '#src/queue/task.js';

/**
 * Sends the token that makes a user of whoever has registered; or, where the address belongs to a
 * user already, says so to them and to nobody else.
 */
export const confirmRegistration: Task<JobPayloads['confirm_registration']> = async (
  { id, language },
  context,
) => {
  const registration = await registrations.findRegistration(context.db, id, context.clock());
  if (registration !== null) await sendConfirmation(context, registration, language);
};

/** The same once more, for the latest registrations with this address: each names its own. */
export const resendConfirmation: Task<JobPayloads['resend_confirmation']> = async (
  { email, language },
  context,
) => {
  const ids = await registrations.findRegistrationsByEmail(context.db, email, context.clock());
  for (const id of ids) await confirmRegistration({ id, language }, context);
};

async function sendConfirmation(
  { db, mail, clientUrl }: JobContext,
  { id, username, email: to }: registrations.Registration,
  language: Language,
): Promise<void> {
  const user = await findCredentials(db, to);
  if (user !== null) {
    const parameters = { username: user.username };
    await mail.send({ to, ...composeMail('already_registered', language, parameters) });
    return;
  }
  const { secret: token, hash } = mintSecret();
  await registrations.setRegistrationToken(db, id, hash);
  const parameters = { username, token, clientUrl, hours: REGISTRATION_HOURS };
  await mail.send({ to, ...composeMail('confirm_registration', language, parameters) });
}
