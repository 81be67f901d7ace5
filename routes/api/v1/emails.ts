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
    summary: 'Confirm an email address',
    description:
      'Confirms an email address with the token from a mail, which works once. A requested ' +
      'change of address takes effect. A registration becomes an account, given the password ' +
      'that was chosen then: so neither who reads the mail can confirm the registration of ' +
      'somebody else, nor who registers the address of somebody else. A wrong password is ' +
      'answered as at sign-in, and throttled; the registration stays.',
    tags: [authTag.name],
    body: Ref(EmailConfirmation),
    response: { 200: Ref(EmailConfirmed) },
  },
  change: {
    operationId: 'emails-change',
    summary: 'Change your email address',
    description:
      'Sends a token to the new email address. The change takes effect when the token is ' +
      'sent to `POST /api/v1/auth/verify-email`; the old address is then notified by mail. ' +
      'The response does not reveal whether another account uses the new address.',
    tags: [tag.name],
    body: Ref(EmailChange),
    response: { 202: Ref(MailRequested, { description: 'The request was accepted' }) },
  },
} as const;

/** Confirmation and change of email addresses. */
const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  const config = {
    idempotent: false,
    limit: { perMinute },
  };

  app.post(
    '/auth/verify-email',
    { schema: operations.confirm, config: { ...config, csrf: false, errors: [401, 409] } },
    async (request) => {
      const confirmed = await confirmEmail(request.context(), request.body);
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
