import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { tag } from '#schemas/auth.js';
import {
  EmailAddress,
  MailRequested,
  Registration,
  RegistrationStatus,
} from '#schemas/registrations.js';
import { Ref } from '#schemas/types.js';
import { register, resendConfirmation } from '#src/people/services/registrations.js';

const tags = [tag.name];

const operations = {
  register: {
    operationId: 'registrations-create',
    summary: 'Register an account',
    description:
      'Sends a token to the email address. The account is created when the token is sent to ' +
      '`POST /api/v1/auth/verify-email` with the password; until then, the username is ' +
      'reserved for 24 hours. ' +
      'Responds with 409 if the username is taken. The response never reveals whether the ' +
      'email address is already registered; the mail does. Responds with 429 if too many ' +
      'registrations from your network wait for confirmation. Of many registrations with one ' +
      'email address, the oldest give way to those from other networks.',
    tags,
    body: Ref(Registration),
    response: { 201: Ref(RegistrationStatus, { description: 'A mail is on its way' }) },
  },
  resend: {
    operationId: 'registrations-resend',
    summary: 'Resend the confirmation mail',
    description:
      'Sends a new token if an unconfirmed registration with this email address exists; the ' +
      'previous token becomes invalid. If there are several, mails are sent for at most three, ' +
      'those from your network first. The response is the same if there is none.',
    tags,
    body: Ref(EmailAddress),
    response: { 202: Ref(MailRequested, { description: 'The request was accepted' }) },
  },
} as const;

export interface RegistrationsOptions {
  perMinute: number;
  /** Number of users from which registration is closed; 0 closes it. */
  maxUsers: number;
}

/** Registration of accounts. */
const routes: FastifyPluginAsyncTypebox<RegistrationsOptions> = async (
  app,
  { perMinute, maxUsers },
) => {
  // Responses are not stored: a stored hash of a body with a password would allow guessing it.
  const config = {
    idempotent: false,
    csrf: false,
    sendsMail: true,
    limit: { perMinute },
  };

  app.post(
    '/register',
    { schema: operations.register, config: { ...config, errors: [403, 409] } },
    async (request, reply) => {
      const { username, email } = request.body;
      await register(request.context(), request.body, maxUsers);
      reply.code(201);
      return { status: 'confirmation_sent' as const, username, email };
    },
  );

  app.post(
    '/verify-email/resend',
    { schema: operations.resend, config },
    async (request, reply) => {
      await resendConfirmation(request.context(), request.body.email);
      reply.code(202);
      return { status: 'accepted' as const };
    },
  );
};

export default routes;
