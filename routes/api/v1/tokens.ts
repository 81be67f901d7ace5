import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { agentOf } from '#plugins/sessions.js';
import { tag } from '#schemas/auth.js';
import { RevocationStatus, TokenPair, TokenRequest, TokenRevocation } from '#schemas/tokens.js';
import { Ref } from '#schemas/types.js';
import { grantTokens, revokeToken } from '#src/people/services/tokens.js';

const tags = [tag.name];

/** Far more than a request for tokens takes. */
const bodyLimit = 16 * 1024;

const operations = {
  create: {
    operationId: 'tokens-create',
    summary: 'Get or renew tokens',
    description:
      'The token endpoint of OAuth 2.0 (RFC 6749, sections 4.3 and 6). A password begins a ' +
      'sign-in; a refresh token renews one, and is good for that once: use the new one from then ' +
      'on. Requests that run side by side may use the same one within 5 seconds; used again ' +
      'later, it has been stolen, and the whole sign-in ends. An `Authorization` header is ignored.',
    tags,
    body: { content: { 'application/x-www-form-urlencoded': { schema: Ref(TokenRequest) } } },
    response: { 200: Ref(TokenPair) },
  },
  revoke: {
    operationId: 'tokens-revoke',
    summary: 'Revoke tokens',
    description:
      'Ends the sign-in to which a refresh token or an access token belongs, with all of its ' +
      'tokens (RFC 7009). The answer is the same for a token that is not known.',
    tags,
    body: { content: { 'application/x-www-form-urlencoded': { schema: Ref(TokenRevocation) } } },
    response: { 200: Ref(RevocationStatus) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, options) => {
  const keys = app.tokenKeys;

  app.post(
    '/token',
    {
      schema: operations.create,
      bodyLimit,
      config: {
        idempotent: false,
        // The password or the token is the proof, whatever cookie comes along.
        csrf: false,
        errors: [401],
        rateLimit: { max: options.perMinute, timeWindow: '1 minute' },
      },
    },
    async (request) => {
      const issuer = { keys, userAgent: agentOf(request) };
      const form = request.body as TokenRequest;
      return grantTokens(request.context(), form, issuer);
    },
  );

  app.post(
    '/revoke',
    { schema: operations.revoke, bodyLimit, config: { idempotent: false, csrf: false } },
    async (request) => {
      const { token } = request.body as TokenRevocation;
      await revokeToken(request.context(), token, keys);
      return { status: 'revoked' as const };
    },
  );
};

export default routes;
