import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, toErrorAnswer } from '#src/errors.js';
import { type ErrorCode, languageOf } from '#src/lib/messages/index.js';
import { unroutable } from './allowed-methods.js';
import { traceHeaders } from './request-tracing.js';

/** Headers that describe an answer which, after an error, is not the one that is sent. */
const HEADERS_OF_SUCCESS = ['content-disposition', 'content-length', 'etag', 'link', 'location'];

/** Every error leaves the service through here, as JSON in FastAPI's form. */
export default fp(
  async (app) => {
    app.setErrorHandler((error, request, reply) => {
      sendError(error, request, reply);
    });

    app.setNotFoundHandler((request, reply) => {
      sendError(unroutable(request.method, app.allowedMethods(request.url)), request, reply);
    });
  },
  { name: 'error-handler', dependencies: ['allowed-methods'] },
);

/** Answers with the error. Also for those that Fastify meets before it knows the route. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const language = languageOf(request.headers['accept-language']);
  const { status, headers, body } = toErrorAnswer(error, {
    requestId: request.id,
    place: request.body == null ? 'query' : 'body',
    language,
  });
  if (status >= 500) report(error, request);
  for (const name of HEADERS_OF_SUCCESS) reply.removeHeader(name);
  // Sent as text: the schema of the route's own answers has no say in the form of an error.
  reply
    .code(status)
    .headers({
      'cache-control': 'no-store',
      'content-language': language,
      // No hook runs for a request of which Fastify cannot tell the route.
      ...traceHeaders(request, reply),
      ...headers,
      'content-type': 'application/json',
    })
    .serializer((text: unknown) => String(text))
    .send(JSON.stringify(body));
}

/** A refusal that was meant, such as that too much is going on, has no stack worth a line each. */
function report(error: unknown, { log }: FastifyRequest): void {
  const isMeant = error instanceof ApiError && error.cause === undefined && error.status === 503;
  if (isMeant) log.warn({ code: error.code }, 'request refused');
  else log.error({ err: error }, 'request failed');
}

/**
 * Answers what Node cannot even read as HTTP, where there is no request to speak of yet.
 *
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CLIENT_ERRORS[error.code ?? ''] ?? 'bad_request';
  const requestId = randomUUID();
  const { status, body } = toErrorAnswer(new ApiError(code), {
    requestId,
    place: 'query',
    language: 'en',
  });
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
      '',
      text,
    ].join('\r\n'),
  );
}

const CLIENT_ERRORS: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};
