import type { Language } from '#src/lib/messages/index.js';
import { mintSecret } from '#src/lib/random-secrets.js';
import { composeMail } from '#src/mail/mails.js';
import { REGISTRATION_HOURS } from '#src/people/services/registrations.js';
import { findCredentialsByEmail } from '#src/people/stores/accounts.js';
import * as registrations from '#src/people/stores/registrations.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import type { JobContext, Task } from '#src/queue/task.js';

/**
 * Sends the token that confirms a registration. If a user has the email address already, tells that
 * user instead.
 */
export const confirmRegistration: Task<JobPayloads['confirm_registration']> = async (
  { id, language },
  context,
) => {
  const registration = await registrations.findRegistration(context.db, id, context.clock());
  if (registration !== null) await sendConfirmation(context, registration, language);
};

/**
 * Sends the confirmation again for registrations with this email address, one mail each.
 */
export const resendConfirmation: Task<JobPayloads['resend_confirmation']> = async (
  { email, network = null, language },
  context,
) => {
  const network_hash = network === null ? null : Buffer.from(network, 'hex');
  const registration = { email, network_hash };
  const { db, clock } = context;
  const ids = await registrations.findRegistrationsToResend(db, registration, clock());
  for (const id of ids) await confirmRegistration({ id, language }, context);
};

async function sendConfirmation(
  { db, mail, clientUrl }: JobContext,
  { id, username, email: to }: registrations.Registration,
  language: Language,
): Promise<void> {
  const user = await findCredentialsByEmail(db, to);
  if (user !== null) {
    const { email, username } = user;
    // Not to the spelling of a stranger, which may lead to another mailbox.
    await mail.send({ to: email, ...composeMail('already_registered', language, { username }) });
    return;
  }
  const { secret: token, hash } = mintSecret();
  await registrations.setRegistrationToken(db, id, hash);
  const parameters = { username, token, clientUrl, hours: REGISTRATION_HOURS };
  await mail.send({ to, ...composeMail('confirm_registration', language, parameters) });
}
