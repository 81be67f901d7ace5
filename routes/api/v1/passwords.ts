import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { deviceOf, setDeviceCookie } from '#plugins/device-cookie.js';
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
    summary: 'Check a password',
    description:
      'Checks a password against the rules for new passwords and returns every rule that it ' +
      'breaks, in the language of `Accept-Language`. With `username` and `email`, it also ' +
      'checks that the password contains neither. The password is not stored.',
    tags,
    body: Ref(PasswordCheck),
    response: { 200: Ref(PasswordStrength) },
  },
  change: {
    operationId: 'passwords-change',
    summary: 'Change your password',
    description:
      'Changes your password, given the current one. All your other sessions end, and all your ' +
      'devices are forgotten except this browser. API keys and your calendar token stay valid ' +
      'unless `delete_api_keys` is true.',
    tags,
    body: Ref(PasswordChange),
    response: { 200: Ref(PasswordStatus) },
  },
  forgot: {
    operationId: 'passwords-forgot',
    summary: 'Request a password reset',
    description:
      'Sends a token to the email address if it belongs to a user who may sign in. The ' +
      'response is the same if it does not.',
    tags,
    body: Ref(EmailAddress),
    response: { 202: Ref(MailRequested, { description: 'The request was accepted' }) },
  },
  reset: {
    operationId: 'passwords-reset',
    summary: 'Reset your password',
    description:
      'Sets a new password with the token from a mail, which works once and for ' +
      `${passwords.PASSWORD_RESET_MINUTES} minutes. All your sessions end, all your API keys ` +
      'and your calendar token are deleted, and all your devices are forgotten except this browser, which gets the ' +
      'cookie of a known device.',
    tags,
    body: Ref(PasswordReset),
    response: { 200: Ref(PasswordStatus) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, { perMinute }) => {
  const config = {
    idempotent: false,
    limit: { perMinute },
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
      const { password, ...owner } = request.body;
      const errors = brokenPasswordRules(password, owner).map(({ type, ctx }) => ({
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
      await passwords.changePassword(request.acting(), request.body, deviceOf(request));
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
    { schema: operations.reset, config: { ...config, csrf: false, sends: ['Set-Cookie'] } },
    async (request, reply) => {
      setDeviceCookie(reply, await passwords.resetPassword(request.context(), request.body));
      return changed;
    },
  );
};

export default routes;
