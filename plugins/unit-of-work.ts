import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fp from 'fastify-plugin';
import type { Database } from '#src/db/database.js';
import { UnitOfWork } from '#src/db/transaction.js';
import { isSafe } from '#src/lib/safe-methods.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The transaction in which the request makes its changes; null for a read. */
    unitOfWork: UnitOfWork | null;
    /**
     * Runs in the same transaction after the handler, with the body of its response. If set, a
     * request that fails changes nothing; otherwise what the handler has completed before its error,
     * such as the count of failed attempts, stays.
     */
    beforeCommit: ((transaction: Database, body: unknown) => Promise<void>) | null;
  }
}

/**
 * Commits the changes of a request after its response has been serialized, so nothing is stored
 * whose response fails. The transaction begins with the first change, and ends right after the
 * handler.
 */
export default fp(
  async (app) => {
    app.decorateRequest('unitOfWork', null);
    app.decorateRequest('beforeCommit', null);
    app.addHook('onRoute', (route) => {
      if ([route.method].flat().some((method) => isSafe(method))) return;
      route.handler = inUnitOfWork(route.handler);
    });

    function inUnitOfWork(handler: RouteHandlerMethod): RouteHandlerMethod {
      return async function (request, reply) {
        const unitOfWork = new UnitOfWork(app.db);
        request.unitOfWork = unitOfWork;
        try {
          const body: unknown = await resultOf(unitOfWork, request, () =>
            handler.call(this, request, reply),
          );
          const payload = body === reply ? body : serialize(body, reply);
          await unitOfWork.commit();
          return payload;
        } finally {
          // Does nothing after the commit.
          await unitOfWork.rollback();
          request.unitOfWork = null;
        }
      };
    }
  },
  { name: 'unit-of-work', dependencies: ['postgres', 'serialization'] },
);

async function resultOf(
  unitOfWork: UnitOfWork,
  { beforeCommit, log }: FastifyRequest,
  handle: () => unknown,
): Promise<unknown> {
  if (beforeCommit === null) {
    try {
      return await handle();
    } catch (error) {
      await unitOfWork.commit().catch((fault: unknown) => {
        log.warn({ err: fault }, 'could not commit what a refused request had changed');
      });
      throw error;
    }
  }
  const body = await handle();
  await unitOfWork.run((transaction) => beforeCommit(transaction, body));
  return body;
}

/** Returns the JSON of a body; a text, a stream and bytes as they are. */
function serialize(body: unknown, reply: FastifyReply): unknown {
  const isJson =
    typeof body === 'object' && body !== null && !Buffer.isBuffer(body) && !('pipe' in body);
  if (!isJson) return body;
  const text = reply.serialize(body);
  if (!reply.hasHeader('content-type')) reply.type('application/json; charset=utf-8');
  return text;
}
