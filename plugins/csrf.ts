import csrfProtection from '@fastify/csrf-protection';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False on an operation that does not act on behalf of whom the cookie names. */
    csrf?: boolean;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A request that changes something and whose caller is known by cookie alone must prove, with
 * `X-CSRF-Token`, that it comes from a page which could read `GET /api/v1/auth/csrf`. The token is
 * bound to the session, so one obtained under another session is worth nothing.
 *
 * @see https://github.com/fastify/csrf-protection
 */
export default fp<{ secret: string }>(
  async (app, { secret }) => {
    await app.register(csrfProtection, {
      cookieKey: 'althing_csrf',
      cookieOpts: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', signed: true },
      csrfOpts: { hmacKey: secret, userInfo: true },
      getUserInfo: (request) => request.session.sessionId,
      getToken: (request) => {
        const token = request.headers['x-csrf-token'];
        return typeof token === 'string' ? token : undefined;
      },
    });

    app.addHook('onRequest', (request, reply, done) => {
      const isExempt =
        SAFE_METHODS.has(request.method) || request.routeOptions.config.csrf === false;
      if (request.viewer?.credential.kind !== 'session' || isExempt) done();
      else app.csrfProtection(request, reply, done);
    });
  },
  { name: 'csrf', dependencies: ['sessions', 'authentication'] },
);
