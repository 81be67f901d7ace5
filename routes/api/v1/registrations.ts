import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { tag } from '#schemas/auth.js';
import {
  EmailAddress,
  MailRequested,
  Registration,
  RegistrationStatus,
} from '#schemas/registrations.js';
import { Ref } from '#schemas/types.js';
import { ApiError } from '#src/errors.js';
import { register, resendConfirmation } from '#src/people/services/registrations.js';

const tags = [tag.name];

const operations = {
  register: {
    operationId: 'registrations-create',
    summary: 'Register',
    description:
      'Sends a token to the address; the account begins when `POST /api/v1/auth/verify-email` brings ' +
      'it back, and until then the username is kept free for a day. A username that is taken is ' +
      'refused with 409. Whether the address is known does not show: its owner is told by mail.',
    tags,
    body: Ref(Registration),
    response: { 201: Ref(RegistrationStatus, { description: 'A mail is on its way' }) },
  },
  resend: {
    operationId: 'registrations-resend',
    summary: 'Send the confirmation again',
    description:
      'Sends a new token to whoever has registered with this address and not confirmed it yet; the ' +
      'one before works no more. The answer is the same if there is nobody.',
    tags,
    body: Ref(EmailAddress),
    response: { 202: Ref(MailRequested, { description: 'Sent, if there is what to send' }) },
  },
} as const;

/** Signing up. */
const routes: FastifyPluginAsyncTypebox<{ perMinute: number; open: boolean }> = async (
  app,
  { perMinute, open },
) => {
  // An answer is not kept: the hash of a body with a password would be one to guess from.
  const config = {
    idempotent: false,
    csrf: false,
    sendsMail: true,
    rateLimit: { max: perMinute, timeWindow: '1 minute' },
  };

  app.post(
    '/register',
    { schema: operations.register, config: { ...config, errors: [403, 409] } },
    async (request, reply) => {
      if (!open) throw new ApiError('registration_closed');
      const { username, email } = request.body;
      await register(request.context(), request.body);
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
