import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { ActingContext } from '#src/access/context.js';
import type { CachedContext } from '#src/cache/shared-reads.js';
import { languageOf } from '#src/lib/messages/index.js';
import type { SearchContext } from '#src/lists/searches.js';
import { viewerOf } from './access.js';

/** The context of a request. */
type RequestContext = CachedContext & SearchContext;

declare module 'fastify' {
  interface FastifyRequest {
    /** Returns the context of this request, which services take as first argument. */
    context(): RequestContext;
    /** Same as `context`, with an authenticated viewer. @throws ApiError not_authenticated */
    acting(): RequestContext & ActingContext;
  }
}

/** Provides the context that handlers pass to services. */
export default fp(
  async (app) => {
    app.decorateRequest('context', function (): RequestContext {
      return contextOf(this);
    });
    app.decorateRequest('acting', function (): RequestContext & ActingContext {
      return Object.assign(contextOf(this), { viewer: viewerOf(this) });
    });
  },
  {
    name: 'context',
    dependencies: [
      'access',
      'idempotency',
      'in-flight',
      'mail',
      'passwords',
      'searches',
      'shared-reads',
      'unit-of-work',
    ],
  },
);

const CLIENT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A name in another form is ignored, like an unknown header. */
function clientIdOf(field: string | string[] | undefined): string | null {
  return typeof field === 'string' && CLIENT_ID.test(field) ? field : null;
}

function contextOf(request: FastifyRequest): RequestContext {
  const { server, headers, unitOfWork } = request;
  const context: RequestContext = {
    db: server.db,
    unitOfWork,
    viewer: request.viewer,
    now: server.clock(),
    address: request.address,
    requestId: request.id,
    clientId: clientIdOf(headers['x-client-id']),
    canMail: server.mail.available,
    language: languageOf(headers['accept-language']),
    ifMatch: headers['if-match'],
    loginLimits: server.loginLimits,
    sessionLimits: server.sessionLimits,
    passwordCost: server.passwordCost,
    sharedReads: server.sharedReads,
    runSearch: (db, work) => {
      // Searches have places of their own, in which they may wait.
      request.leaveFlight?.();
      request.leaveFlight = null;
      return server.searches.run({ address: request.address, signal: request.signal }, db, work);
    },
    report: (err, message) => request.log.warn({ err }, message),
  };
  if (unitOfWork === null) return context;
  // Reads after a change must see it, and need no second connection.
  return Object.defineProperty(context, 'db', { get: () => unitOfWork.db });
}
