import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Scope } from '#schemas/scopes.js';
import { assertScope } from '#src/access/ownership.js';
import type { Viewer } from '#src/access/viewer.js';
import { TokenKeys } from '#src/people/lib/access-tokens.js';
import { identifyCredential, KEY_PREFIX } from '#src/people/services/credentials.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Signs and verifies tokens. */
    tokenKeys: TokenKeys;
    /**
     * Returns the user of a token or API key that was not sent in a header.
     *
     * @throws ApiError invalid_token, wrong_token_type, user_unavailable or insufficient_scope
     */
    identify: (credential: string, request: FastifyRequest, scope: Scope) => Promise<Viewer>;
  }
  interface FastifyContextConfig {
    /**
     * Scope that an API key needs for this operation; null if it accepts no API keys. Without a
     * scope, the operation ignores tokens and API keys.
     */
    scope?: Scope | null;
  }
}

export interface AuthenticationOptions {
  /** Secrets for tokens: the first signs, all verify. */
  secrets: readonly string[];
}

/**
 * Authenticates requests by access token or API key, in `Authorization: Bearer …` (RFC 6750), or by
 * API key in `X-API-Key`. This overrides a session cookie for the whole request.
 */
export default fp<AuthenticationOptions>(
  async (app, { secrets }) => {
    const keys = new TokenKeys(secrets);
    app.decorate('tokenKeys', keys);

    app.addHook('onRequest', (request, _reply, done) => {
      if (request.routeOptions.config.scope === undefined) return done();
      const credential = credentialOf(request);
      if (credential === null) return done();
      identify(credential, request).then((viewer) => {
        request.viewer = viewer;
        done();
      }, done);
    });
    app.decorate('identify', async (credential, request, scope) => {
      const viewer = await identify(credential, request);
      assertScope(viewer, scope);
      return viewer;
    });

    function identify(credential: string, { log }: FastifyRequest): Promise<Viewer> {
      return identifyCredential(app.db, credential, {
        keys,
        recent: app.recentCredentials,
        now: app.clock(),
        sessionLimits: app.sessionLimits,
        onUnrecordedUse: (error) =>
          log.warn({ err: error }, 'could not record the use of an API key'),
      });
    }
  },
  { name: 'authentication', dependencies: ['sessions'] },
);

function credentialOf({ headers }: FastifyRequest): string | null {
  const { authorization = '' } = headers;
  const [scheme = ''] = authorization.split(' ', 1);
  if (scheme.toLowerCase() === 'bearer') return authorization.slice(scheme.length).trim();
  const key = headers['x-api-key'];
  if (key === undefined) return null;
  // Any other value is rejected as an unknown key, never accepted as a token.
  return String(key).startsWith(KEY_PREFIX) ? String(key) : KEY_PREFIX;
}
