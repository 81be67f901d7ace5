import fp from 'fastify-plugin';

/**
 * Answers OPTIONS with the methods that the path has (RFC 9110, section 9.3.7). A preflight is left
 * to CORS, with `Allow` on it.
 */
export default fp(
  async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      if (request.method !== 'OPTIONS') return;
      const methods = app.allowedMethods(request.url);
      if (methods.length === 0) return;
      reply.header('allow', [...methods, 'OPTIONS'].join(', '));
      if (request.headers['access-control-request-method'] === undefined) {
        await reply.code(204).send();
      }
    });
  },
  { name: 'options', dependencies: ['allowed-methods'] },
);
