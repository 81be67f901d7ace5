import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fp from 'fastify-plugin';
import * as store from '#src/db/idempotency-keys.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';

/** Response headers that are stored and replayed. */
const STORED_HEADERS = ['etag', 'location'];

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * False for a POST whose response contains a secret and must not be stored. Such a request runs
     * each time it is sent.
     */
    idempotent?: boolean;
  }
}

/**
 * Makes POST requests safe to retry: with an `Idempotency-Key`, a request runs once per caller and
 * key, and repetitions within 24 hours get the first response, with `Idempotent-Replayed: true`.
 *
 * The response is stored in the transaction of the change itself, so neither exists without the
 * other. A failed request changes and stores nothing, and can be sent again.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export default fp(
  async (app) => {
    app.addHook('onRoute', (route) => {
      if (route.method !== 'POST' || route.config?.idempotent === false) return;
      route.handler = runOnce(route.handler);
    });

    function runOnce(handler: RouteHandlerMethod): RouteHandlerMethod {
      return async function (request, reply) {
        const key = request.headers['idempotency-key'];
        if (typeof key !== 'string') return handler.call(this, request, reply);
        const caller = request.viewer === null ? 'anonymous' : `user:${request.viewer.id}`;
        const requestHash = hashOf(request);
        const now = app.clock();

        return inTransaction({ db: app.db }, async ({ db: transaction }) => {
          if (!(await store.lockIdempotencyKey(transaction, caller, key))) {
            throw new ApiError('request_in_progress', { headers: { 'retry-after': '1' } });
          }
          const since = new Date(now.getTime() - store.IDEMPOTENCY_LIFETIME_MS);
          const stored = await store.findResponse(transaction, caller, key, since);
          if (stored !== null) return replay(stored, requestHash, key, reply);

          request.db = transaction;
          const body: unknown = await handler.call(this, request, reply);
          if (body === reply)
            throw new TypeError('A POST handler must return its body, which is stored for replays');
          const answer = { request_hash: requestHash, status: reply.statusCode, body };
          const headers = storedHeaders(reply);
          await store.saveResponse(transaction, caller, key, { ...answer, headers }, now);
          return body;
        });
      };
    }
  },
  { name: 'idempotency', dependencies: ['postgres', 'sessions', 'validation'] },
);

function replay(
  stored: store.StoredResponse,
  requestHash: Buffer,
  key: string,
  reply: FastifyReply,
): unknown {
  if (!stored.request_hash.equals(requestHash)) {
    throw new InvalidRequest([
      valueError('reused_idempotency_key', ['header', 'idempotency-key'], key),
    ]);
  }
  reply.code(stored.status).headers(stored.headers).header('idempotent-replayed', 'true');
  return stored.body;
}

function hashOf(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([request.method, request.url, request.body ?? null]))
    .digest();
}

function storedHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    STORED_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}
