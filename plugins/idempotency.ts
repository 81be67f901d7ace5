import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fp from 'fastify-plugin';
import type { Database } from '#src/db/database.js';
import * as store from '#src/db/idempotency-keys.js';
import * as quota from '#src/db/idempotency-quota.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, InvalidRequest, valueError } from '#src/errors.js';

/** The caller of every request without a viewer. */
const ANONYMOUS = 'anonymous';

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
        const caller = request.viewer === null ? ANONYMOUS : `user:${request.viewer.id}`;
        const requestHash = hashOf(request);
        const now = app.clock();

        return inTransaction({ db: app.db }, async ({ db: transaction }) => {
          if (!(await store.lockIdempotencyKey(transaction, caller, key))) {
            throw new ApiError('request_in_progress', { headers: { 'retry-after': '1' } });
          }
          const since = new Date(now.getTime() - store.IDEMPOTENCY_LIFETIME_MS);
          const stored = await store.findResponse(transaction, caller, key, since);
          if (stored !== null) return replay(stored, requestHash, key, reply);

          await assertRoom(transaction, caller, since);
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

/**
 * Bounds what a caller can store. The promise to replay a response is kept, so a user who has
 * stored too much must wait. Anonymous callers share one quota, which none of them may use up: they
 * lose the oldest responses instead.
 *
 * @throws ApiError too_many_idempotency_keys
 */
async function assertRoom(db: Database, caller: string, since: Date): Promise<void> {
  const { keys, bytes, oldest } = await quota.findKeyUsage(db, caller, since);
  if (keys < quota.MAX_KEYS && bytes < quota.MAX_RESPONSE_BYTES) return;
  if (caller === ANONYMOUS) {
    await quota.deleteOldestKeys(db, caller);
    return;
  }
  const wait = oldest === null ? 0 : Date.parse(oldest) - since.getTime();
  const seconds = String(Math.max(1, Math.ceil(wait / 1000)));
  throw new ApiError('too_many_idempotency_keys', { headers: { 'retry-after': seconds } });
}

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
