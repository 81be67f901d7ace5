import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { unroutable } from './allowed-methods.js';
import { sendError } from './error-handler.js';

/**
 * Answers 404 to an unknown path and 405 with `Allow` to a method that the path does not support
 * (RFC 9110, section 15.5.6), before the body is read and before anything is looked up.
 */
export default fp(
  async (app) => {
    const errorFor = (request: FastifyRequest) =>
      app.isHidden(request)
        ? new ApiError('not_found')
        : unroutable(app.allowedMethods(request.url), request.method);
    app.addHook('onRequest', (request, _reply, done) => {
      done(request.is404 || app.isWrongMethod(request) ? errorFor(request) : undefined);
    });
    // For a route that has found nothing, such as a missing asset.
    app.setNotFoundHandler((request, reply) => {
      sendError(errorFor(request), request, reply);
    });
  },
  {
    name: 'not-found',
    dependencies: ['allowed-methods', 'error-handler', 'local-access', 'rate-limit'],
  },
);
