import fp from 'fastify-plugin';

/**
 * Answers OPTIONS with the methods of the path (RFC 9110, section 9.3.7). If CORS is enabled, it
 * answers preflight requests, to which this only adds `Allow`.
 */
export default fp<{ hasCors: boolean }>(
  async (app, { hasCors }) => {
    app.addHook('onRequest', async (request, reply) => {
      if (request.method !== 'OPTIONS') return;
      const methods = app.allowedMethods(request.url);
      if (methods.length === 0) return;
      reply.header('allow', [...methods, 'OPTIONS'].join(', '));
      const isPreflight = request.headers['access-control-request-method'] !== undefined;
      if (!(hasCors && isPreflight)) {
        await reply.code(204).send();
      }
    });
  },
  { name: 'options', dependencies: ['allowed-methods'] },
);
