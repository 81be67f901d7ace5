import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fp from 'fastify-plugin';
import * as store from '#src/db/idempotency-keys.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';

/** Headers that belong to the answer, and not to the one request that got it. */
const KEPT_HEADERS = ['etag', 'location'];

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * False on a POST whose answer must not be kept, because it hands out a secret. Such a request
     * runs each time it is sent.
     */
    idempotent?: boolean;
  }
}

/**
 * Safe retries: a POST with an `Idempotency-Key` runs once for each caller and key, and every
 * repetition within 24 hours gets the first answer again, with `Idempotent-Replayed: true`.
 *
 * The answer is kept in the transaction of the change itself, so there is never one without the
 * other. A request that fails has changed nothing, keeps nothing, and may be sent again.
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
          const kept = await store.findAnswer(transaction, caller, key, since);
          if (kept !== null) return replay(kept, requestHash, key, reply);

          request.db = transaction;
          const body: unknown = await handler.call(this, request, reply);
          if (body === reply) throw new TypeError('A POST handler returns its body to be kept');
          const answer = { request_hash: requestHash, status: reply.statusCode, body };
          const headers = keptHeaders(reply);
          await store.saveAnswer(transaction, caller, key, { ...answer, headers }, now);
          return body;
        });
      };
    }
  },
  { name: 'idempotency', dependencies: ['postgres', 'sessions', 'validation'] },
);

function replay(
  kept: store.StoredAnswer,
  requestHash: Buffer,
  key: string,
  reply: FastifyReply,
): unknown {
  if (!kept.request_hash.equals(requestHash)) {
    throw new InvalidRequest([
      valueError('reused_idempotency_key', ['header', 'idempotency-key'], key),
    ]);
  }
  reply.code(kept.status).headers(kept.headers).header('idempotent-replayed', 'true');
  return kept.body;
}

function hashOf(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([request.method, request.url, request.body ?? null]))
    .digest();
}

function keptHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}
