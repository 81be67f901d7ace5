import csrfProtection from '@fastify/csrf-protection';
import fp from 'fastify-plugin';

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
      if (request.viewer === null || SAFE_METHODS.has(request.method)) return done();
      app.csrfProtection(request, reply, done);
    });
  },
  { name: 'csrf', dependencies: ['sessions'] },
);
