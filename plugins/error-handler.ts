import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { toErrorAnswer } from '../src/errors.js';
import { languageOf } from '../src/lib/messages/index.js';
import { unroutable } from './allowed-methods.js';

/** Headers that describe an answer which, after an error, is not the one that is sent. */
const HEADERS_OF_SUCCESS = ['content-disposition', 'content-length', 'etag', 'link', 'location'];

/**
 * Every error leaves the service through here, as JSON in FastAPI's form.
 *
 * A path that does not exist is limited like any other, or it could be used to look for paths.
 */
export default fp(
  async (app) => {
    app.setErrorHandler((error, request, reply) => {
      sendError(error, request, reply);
    });

    app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
      sendError(unroutable(request.method, app.allowedMethods(request.url)), request, reply);
    });
  },
  { name: 'error-handler', dependencies: ['allowed-methods', 'rate-limit'] },
);

/** Answers with the error. Also for those that Fastify meets before it knows the route. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const language = languageOf(request.headers['accept-language']);
  const { status, headers, body } = toErrorAnswer(error, {
    requestId: request.id,
    place: request.body == null ? 'query' : 'body',
    language,
  });
  if (status >= 500) request.log.error({ err: error }, 'request failed');
  for (const name of HEADERS_OF_SUCCESS) reply.removeHeader(name);
  // Sent as text: the schema of the route's own answers has no say in the form of an error.
  reply
    .code(status)
    .headers({
      'cache-control': 'no-store',
      'content-language': language,
      'x-request-id': request.id,
      ...headers,
      'content-type': 'application/json',
    })
    .serializer((text: unknown) => String(text))
    .send(JSON.stringify(body));
}
