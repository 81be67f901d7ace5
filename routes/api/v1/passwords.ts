import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { tag } from '#schemas/auth.js';
import {
  PasswordChange,
  PasswordCheck,
  PasswordReset,
  PasswordStatus,
  PasswordStrength,
} from '#schemas/passwords.js';
import { EmailAddress, MailRequested } from '#schemas/registrations.js';
import { Ref } from '#schemas/types.js';
import { languageOf, validationMessage } from '#src/lib/messages/index.js';
import { brokenPasswordRules } from '#src/people/lib/password-policy.js';
import * as passwords from '#src/people/services/password-changes.js';

const tags = [tag.name];

const operations = {
  check: {
    operationId: 'passwords-check',
    summary: 'Judge a password',
    description:
      'Says whether a password may be used, and if not, every rule that it breaks, in the language ' +
      'that `Accept-Language` asks for. Nothing of it is kept.',
    tags,
    body: Ref(PasswordCheck),
    response: { 200: Ref(PasswordStrength) },
  },
  change: {
    operationId: 'passwords-change',
    summary: 'Change your password',
    description: 'Wants the current password. All your other sign-ins end; API keys go on.',
    tags,
    body: Ref(PasswordChange),
    response: { 200: Ref(PasswordStatus) },
  },
  forgot: {
    operationId: 'passwords-forgot',
    summary: 'Ask for a new password',
    description:
      'Sends a token to the address, if it is that of somebody who may sign in. The answer is the ' +
      'same if it is not.',
    tags,
    body: Ref(EmailAddress),
    response: { 202: Ref(MailRequested, { description: 'Sent, if there is what to send' }) },
  },
  reset: {
    operationId: 'passwords-reset',
    summary: 'Set a new password by mail',
    description:
      `Takes the token of a mail, which works once and for ${passwords.PASSWORD_RESET_MINUTES} ` +
      'minutes. All sign-ins end; API keys go on.',
    tags,
    body: Ref(PasswordReset),
    response: { 200: Ref(PasswordStatus) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  const config = {
    idempotent: false,
    rateLimit: { max: perMinute, timeWindow: '1 minute' },
  };
  const changed = { status: 'password_changed' } as const;

  app.post(
    '/password-strength',
    {
      schema: operations.check,
      config: { idempotent: false, csrf: false, sends: ['Content-Language'] },
    },
    async (request, reply) => {
      const language = languageOf(request.headers['accept-language']);
      const errors = brokenPasswordRules(request.body.password).map(({ type, ctx }) => ({
        type,
        msg: validationMessage(language, type, ctx),
      }));
      reply.header('content-language', language);
      return { valid: errors.length === 0, errors };
    },
  );

  app.post(
    '/change-password',
    { schema: operations.change, config: { ...config, access: 'user', scope: null } },
    async (request) => {
      await passwords.changePassword(request.acting(), request.body);
      return changed;
    },
  );

  app.post(
    '/forgot-password',
    { schema: operations.forgot, config: { ...config, csrf: false, sendsMail: true } },
    async (request, reply) => {
      await passwords.requestPasswordReset(request.context(), request.body.email);
      reply.code(202);
      return { status: 'accepted' as const };
    },
  );

  app.post(
    '/reset-password',
    { schema: operations.reset, config: { ...config, csrf: false } },
    async (request) => {
      await passwords.resetPassword(request.context(), request.body);
      return changed;
    },
  );
};

export default routes;
