import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, InvalidRequest, toErrorResponse } from '#src/errors.js';
import { languageOf } from '#src/lib/messages/index.js';
import { asSent } from '#src/lib/sent-values.js';
import { writeExactJson } from '#src/lib/validation/index.js';
import { setTraceHeaders } from './request-tracing.js';

/** Headers of the intended response, which do not apply to an error. */
const SUCCESS_HEADERS = ['content-disposition', 'content-length', 'etag', 'link', 'location'];

/** Sends every error as JSON in FastAPI's format. */
export default fp(
  async (app) => {
    app.setErrorHandler((error, request, reply) => {
      sendError(error, request, reply);
    });
  },
  { name: 'error-handler' },
);

/** Sends the response to an error. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const text = prepareError(error, request, reply);
  // Serialized here, because the response schemas of the route do not apply to errors.
  reply.serializer((text: unknown) => String(text)).send(text);
}

/** Sets status and headers of the response to an error, logs it, and returns the body. */
export function prepareError(error: unknown, request: FastifyRequest, reply: FastifyReply): string {
  const language = languageOf(request.headers['accept-language']);
  const { status, headers, body } = toErrorResponse(withSentValues(error, request), {
    requestId: request.id,
    place: request.body == null ? 'query' : 'body',
    language,
  });
  if (status >= 500) report(error, request);
  for (const name of SUCCESS_HEADERS) reply.removeHeader(name);
  reply.code(status).headers({
    'cache-control': 'no-store',
    'content-language': language,
    ...headers,
    'content-type': 'application/json',
  });
  // Hooks do not run for errors before routing.
  setTraceHeaders(request, reply);
  // A value of the request may be an integer beyond JavaScript's numbers.
  return writeExactJson(body) ?? '';
}

/** Services find values invalid that are converted already; errors quote them as they came. */
function withSentValues(error: unknown, { sentValues }: FastifyRequest): unknown {
  if (!(error instanceof InvalidRequest) || sentValues == null) return error;
  const sent = sentValues();
  return new InvalidRequest(error.items.map((item) => asSent(item, sent)));
}

/**
 * Logs the error. An intended refusal, such as `too_busy`, is a warning without a stack; so is the
 * first lost connection of an outage of the database.
 */
function report(error: unknown, { log, server }: FastifyRequest): void {
  // Errors before the plugin `postgres` is loaded have no such log.
  const { outages } = server as Partial<Pick<FastifyInstance, 'outages'>>;
  if (outages?.takes(error, 'request failed: lost the database') === true) return;
  const isIntended = error instanceof ApiError && error.cause === undefined && error.status === 503;
  if (isIntended) log.warn({ code: error.code }, 'request refused');
  else log.error({ err: error }, 'request failed');
}
