import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { tag as authTag } from '#schemas/auth.js';
import { tag } from '#schemas/me.js';
import {
  EmailChange,
  EmailConfirmation,
  EmailConfirmed,
  MailRequested,
} from '#schemas/registrations.js';
import { Ref } from '#schemas/types.js';
import { confirmEmail, requestEmailChange } from '#src/people/services/email-addresses.js';

const operations = {
  confirm: {
    operationId: 'emails-confirm',
    summary: 'Confirm an e-mail address',
    description:
      'Takes the token of a mail, which works once: it makes a user of whoever has registered, or ' +
      'gives a user the address that they wanted to change to.',
    tags: [authTag.name],
    body: Ref(EmailConfirmation),
    response: { 200: Ref(EmailConfirmed) },
  },
  change: {
    operationId: 'emails-change',
    summary: 'Change your e-mail address',
    description:
      'Sends a token to the new address, which is yours when `POST /api/v1/auth/verify-email` brings ' +
      'it back; the old one is told then. Whether somebody else has the address does not show.',
    tags: [tag.name],
    body: Ref(EmailChange),
    response: { 202: Ref(MailRequested, { description: 'A mail is on its way' }) },
  },
} as const;

/** Proving that an address is one's own. */
const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  const config = {
    idempotent: false,
    rateLimit: { max: perMinute, timeWindow: '1 minute' },
  };

  app.post(
    '/auth/verify-email',
    { schema: operations.confirm, config: { ...config, csrf: false, errors: [409] } },
    async (request) => {
      const confirmed = await confirmEmail(request.context(), request.body.token);
      return { status: 'verified' as const, ...confirmed };
    },
  );

  app.post(
    '/me/email',
    {
      schema: operations.change,
      config: { ...config, access: 'user', scope: null, sendsMail: true },
    },
    async (request, reply) => {
      await requestEmailChange(request.acting(), request.body);
      reply.code(202);
      return { status: 'accepted' as const };
    },
  );
};

export default routes;
