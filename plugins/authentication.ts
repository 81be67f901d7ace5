import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Scope } from '#schemas/scopes.js';
import { TokenKeys } from '#src/people/lib/access-tokens.js';
import { identifyCredential, KEY_PREFIX } from '#src/people/services/credentials.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Signs and verifies tokens. */
    tokenKeys: TokenKeys;
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
      const identified = identifyCredential(app.db, credential, {
        keys,
        recent: app.recentCredentials,
        now: app.clock(),
        sessionLimits: app.sessionLimits,
        onUnrecordedUse: (error) =>
          request.log.warn({ err: error }, 'could not record the use of an API key'),
      });
      identified.then((viewer) => {
        request.viewer = viewer;
        done();
      }, done);
    });
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
