import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, toErrorResponse } from '#src/errors.js';
import { type ErrorCode, languageOf } from '#src/lib/messages/index.js';
import { unroutable } from './allowed-methods.js';
import { traceHeaders } from './request-tracing.js';

/** Headers of the intended response, which do not apply to an error. */
const SUCCESS_HEADERS = ['content-disposition', 'content-length', 'etag', 'link', 'location'];

/** Sends every error as JSON in FastAPI's format. */
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

/** Sends the response to an error, including errors that Fastify raises before routing. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const language = languageOf(request.headers['accept-language']);
  const { status, headers, body } = toErrorResponse(error, {
    requestId: request.id,
    place: request.body == null ? 'query' : 'body',
    language,
  });
  if (status >= 500) report(error, request);
  for (const name of SUCCESS_HEADERS) reply.removeHeader(name);
  // Serialized here, because the response schemas of the route do not apply to errors.
  reply
    .code(status)
    .headers({
      'cache-control': 'no-store',
      'content-language': language,
      // Hooks do not run for errors before routing.
      ...traceHeaders(request, reply),
      ...headers,
      'content-type': 'application/json',
    })
    .serializer((text: unknown) => String(text))
    .send(JSON.stringify(body));
}

/** Logs the error. An intended refusal, such as `too_busy`, is a warning without a stack. */
function report(error: unknown, { log }: FastifyRequest): void {
  const isIntended = error instanceof ApiError && error.cause === undefined && error.status === 503;
  if (isIntended) log.warn({ code: error.code }, 'request refused');
  else log.error({ err: error }, 'request failed');
}

/**
 * Answers a request that Node cannot parse as HTTP, for which there is no request object.
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
  const { status, body } = toErrorResponse(new ApiError(code), {
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
