import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';

/**
 * Answers OPTIONS with the methods of the path (RFC 9110, section 9.3.7). The headers of a CORS
 * preflight are set already.
 */
export default fp(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'OPTIONS') return done();
      const methods = app.allowedMethods(request.url);
      if (methods.length === 0 || app.isHidden(request)) return done(new ApiError('not_found'));
      reply
        .code(204)
        .header('allow', [...methods, 'OPTIONS'].join(', '))
        .send();
    });
  },
  { name: 'options', dependencies: ['allowed-methods', 'cors', 'local-access', 'rate-limit'] },
);
