import csrfProtection from '@fastify/csrf-protection';
import fp from 'fastify-plugin';
import { isSafe } from '#src/lib/safe-methods.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False for an operation that does not act on behalf of the cookie's user. */
    csrf?: boolean;
  }
}

/**
 * Requires a CSRF token in `X-CSRF-Token` for unsafe requests that are authenticated by cookie. The
 * token comes from `GET /api/v1/auth/csrf`, which only allowed origins can read, and is valid only
 * for its session.
 *
 * @see https://github.com/fastify/csrf-protection
 */
export default fp<{ secret: string }>(
  async (app, { secret }) => {
    const { name, attributes } = app.cookieOf('csrf');
    await app.register(csrfProtection, {
      cookieKey: name,
      cookieOpts: { ...attributes, signed: true },
      csrfOpts: { hmacKey: secret, userInfo: true },
      getUserInfo: (request) => request.session.sessionId,
      getToken: (request) => {
        const token = request.headers['x-csrf-token'];
        return typeof token === 'string' ? token : undefined;
      },
    });

    app.addHook('onRequest', (request, reply, done) => {
      const isExempt = isSafe(request.method) || request.routeOptions.config.csrf === false;
      if (request.viewer?.credential.kind !== 'session' || isExempt) done();
      else app.csrfProtection(request, reply, done);
    });
  },
  { name: 'csrf', dependencies: ['cookies', 'sessions', 'authentication'] },
);
