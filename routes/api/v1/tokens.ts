import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { agentOf } from '#plugins/sessions.js';
import { tag } from '#schemas/auth.js';
import {
  RevocationStatus,
  TokenPair,
  TokenRefresh,
  TokenRequest,
  TokenRevocation,
} from '#schemas/tokens.js';
import { Ref } from '#schemas/types.js';
import { grantTokens, revokeToken } from '#src/people/services/tokens.js';

const tags = [tag.name];

/** Far more than a token request needs. */
const bodyLimit = 16 * 1024;

const operations = {
  create: {
    operationId: 'tokens-create',
    summary: 'Get or renew tokens',
    description:
      'The OAuth 2.0 token endpoint (RFC 6749, sections 4.3 and 6). A password starts a ' +
      'session; a refresh token renews its tokens. Each refresh token works once: use the ' +
      'new one from the response from then on. If the response is lost, send the same ' +
      'refresh token again within 5 seconds; reusing it later is treated as theft and ends ' +
      'the session. So is renewing the tokens of both responses: keep only the latest. A ' +
      'session ends 90 days after it started, unless configured otherwise, however often ' +
      'its tokens are renewed. Keep the `device_token` that a password returns and send it ' +
      'with the next one: others who guess passwords then do not delay you. An ' +
      '`Authorization` header is ignored.',
    tags,
    body: { content: { 'application/x-www-form-urlencoded': { schema: Ref(TokenRequest) } } },
    response: { 200: Ref(TokenPair) },
  },
  refresh: {
    operationId: 'tokens-refresh',
    summary: 'Renew tokens',
    description:
      'Exchanges a refresh token for new tokens, as the grant type `refresh_token` of ' +
      '`POST /api/v1/auth/token` does, for clients that send JSON.',
    tags,
    body: Ref(TokenRefresh),
    response: { 200: Ref(TokenPair) },
  },
  revoke: {
    operationId: 'tokens-revoke',
    summary: 'Revoke tokens',
    description:
      'Ends the session that a refresh token or access token belongs to, and with it all ' +
      'tokens of the session (RFC 7009). The response is the same for an unknown token.',
    tags,
    body: { content: { 'application/x-www-form-urlencoded': { schema: Ref(TokenRevocation) } } },
    response: { 200: Ref(RevocationStatus) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox<{ perMinute: number }> = async (app, options) => {
  const keys = app.tokenKeys;
  const config = {
    idempotent: false,
    // The body authenticates the request; cookies are ignored.
    csrf: false,
    errors: [401],
    limit: { perMinute: options.perMinute, group: 'tokens' },
  } as const;

  app.post('/token', { schema: operations.create, bodyLimit, config }, async (request) => {
    const issuer = { keys, userAgent: agentOf(request) };
    const form = request.body as TokenRequest;
    return grantTokens(request.context(), form, issuer);
  });

  app.post('/refresh', { schema: operations.refresh, bodyLimit, config }, async (request) => {
    const issuer = { keys, userAgent: agentOf(request) };
    const { refresh_token } = request.body;
    const grant = { grant_type: 'refresh_token', refresh_token } as const;
    return grantTokens(request.context(), grant, issuer);
  });

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
