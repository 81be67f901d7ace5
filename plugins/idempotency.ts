import { createHmac, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fp from 'fastify-plugin';
import type { Database } from '#src/db/database.js';
import * as store from '#src/db/idempotency-keys.js';
import * as quota from '#src/db/idempotency-quota.js';
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
 * A request first claims its key, in a statement of its own, then runs without a connection until
 * its first transaction, and stores its response in that transaction, which is committed last. So
 * neither the change nor the response exists without the other. A failed request changes and stores
 * nothing and gives up its claim. If the process dies, the claim expires after a minute. A request
 * that takes longer than that and has lost its claim to a retry is rolled back.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export default fp<{ secret: string }>(
  async (app, { secret }) => {
    app.addHook('onRoute', (route) => {
      if (route.method !== 'POST' || route.config?.idempotent === false) return;
      route.handler = runOnce(route.handler);
    });

    function runOnce(handler: RouteHandlerMethod): RouteHandlerMethod {
      return async function (request, reply) {
        const key = request.headers['idempotency-key'];
        if (typeof key !== 'string') return handler.call(this, request, reply);
        const claim = claimFor(request, { key, secret, now: app.clock() });
        if (!(await store.claimKey(app.db, claim))) {
          const known = await store.findKey(app.db, claim);
          return replay(known, claim, reply);
        }
        request.beforeCommit = async (transaction, body) => {
          if (body === reply)
            throw new TypeError('A POST handler must return its body, which is stored for replays');
          const response = { status: reply.statusCode, headers: storedHeaders(reply), body };
          if (!(await store.completeClaim(transaction, claim, response))) throw stillRunning();
        };
        try {
          await assertRoom(app.db, claim);
          return await handler.call(this, request, reply);
        } catch (error) {
          await store.releaseClaim(app.db, claim).catch((fault: unknown) => {
            request.log.warn({ err: fault }, 'could not release an idempotency key');
          });
          throw error;
        }
      };
    }
  },
  { name: 'idempotency', dependencies: ['sessions', 'unit-of-work', 'validation'] },
);

/**
 * Bounds what a caller can store, including the new claim. Stored responses are kept for replay, so a
 * user who has stored too much must wait. Anonymous callers share one quota, which none of them may use up: they
 * lose the oldest responses instead.
 *
 * @throws ApiError too_many_idempotency_keys
 */
async function assertRoom(db: Database, { caller, now }: store.Claim): Promise<void> {
  const since = new Date(now.getTime() - store.IDEMPOTENCY_LIFETIME_MS);
  const { keys, bytes, oldest } = await quota.findKeyUsage(db, caller, since);
  if (keys <= quota.MAX_KEYS && bytes < quota.MAX_RESPONSE_BYTES) return;
  if (caller === ANONYMOUS) {
    await quota.deleteOldestKeys(db, caller);
    return;
  }
  const wait = oldest === null ? 0 : Date.parse(oldest) - since.getTime();
  const seconds = String(Math.max(1, Math.ceil(wait / 1000)));
  throw new ApiError('too_many_idempotency_keys', { headers: { 'retry-after': seconds } });
}

function claimFor(
  request: FastifyRequest,
  { key, secret, now }: { key: string; secret: string; now: Date },
): store.Claim {
  return {
    caller: request.viewer === null ? ANONYMOUS : `user:${request.viewer.id}`,
    key,
    claimId: randomUUID(),
    requestHash: hashOf(request, secret),
    now,
  };
}

/**
 * Returns the body of the stored response and sets its status and headers.
 *
 * @param known null if the first request has failed meanwhile, so that a retry would run
 * @throws InvalidRequest if the key belongs to a different request; ApiError request_in_progress
 */
function replay(
  known: store.KnownKey | null,
  { key, requestHash }: store.Claim,
  reply: FastifyReply,
): unknown {
  if (known !== null && !known.request_hash.equals(requestHash)) {
    throw new InvalidRequest([
      valueError('reused_idempotency_key', ['header', 'idempotency-key'], key),
    ]);
  }
  if (known === null || known.response === null) throw stillRunning();
  const { status, headers, body } = known.response;
  reply.code(status).headers(headers).header('idempotent-replayed', 'true');
  return body;
}

function stillRunning(): ApiError {
  return new ApiError('request_in_progress', { headers: { 'retry-after': '1' } });
}

/** Keyed, because a body can contain a password, which could be guessed from a plain hash. */
function hashOf(request: FastifyRequest, secret: string): Buffer {
  return createHmac('sha256', `idempotency:${secret}`)
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
