import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { PasswordCheck, PasswordStrength } from '../../../schemas/passwords.js';
import { Ref } from '../../../schemas/types.js';
import { languageOf, validationMessage } from '../../../src/lib/messages/index.js';
import { brokenPasswordRules } from '../../../src/lib/password-policy.js';

const tags = ['auth'];

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
} as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/password-strength',
    { schema: operations.check, config: { idempotent: false, csrf: false } },
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
};

export default routes;
