import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Scope } from '#schemas/scopes.js';
import { TokenKeys } from '#src/people/lib/access-tokens.js';
import { identifyCredential, KEY_MARK } from '#src/people/services/credentials.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Signs and verifies tokens. */
    tokenKeys: TokenKeys;
  }
  interface FastifyContextConfig {
    /**
     * What an API key must be good for to be used here; null if no key will do, but only somebody
     * who has signed in. Left out, the operation takes no notice of tokens and keys.
     */
    scope?: Scope | null;
  }
}

export interface AuthenticationOptions {
  /** Sign and verify tokens: the first signs, all verify. */
  secrets: readonly string[];
}

/**
 * Who is asking, where the request says so itself: by an access token or an API key, as
 * `Authorization: Bearer …` (RFC 6750), or by a key as `X-API-Key`. It then speaks for the whole
 * request, whatever cookie came along.
 */
export default fp<AuthenticationOptions>(
  async (app, { secrets }) => {
    const keys = new TokenKeys(secrets);
    app.decorate('tokenKeys', keys);

    app.addHook('onRequest', async (request) => {
      if (request.routeOptions.config.scope === undefined) return;
      const credential = credentialOf(request);
      if (credential === null) return;
      request.viewer = await identifyCredential(request.db, credential, {
        keys,
        now: app.clock(),
        onUnnoted: (error) =>
          request.log.warn({ err: error }, 'could not record the use of an API key'),
      });
    });
  },
  { name: 'authentication', dependencies: ['sessions'] },
);

const BEARER = /^bearer(?: +(.*))?$/i;

function credentialOf({ headers }: FastifyRequest): string | null {
  const bearer = BEARER.exec(headers.authorization ?? '');
  if (bearer !== null) return bearer[1]?.trim() ?? '';
  const key = headers['x-api-key'];
  if (key === undefined) return null;
  // Something else than a key is refused as a key that is not known, never taken for a token.
  return String(key).startsWith(KEY_MARK) ? String(key) : KEY_MARK;
}
