import { finished, Transform } from 'node:stream';
import type { FastifyRequest, RequestPayload, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { ByteBudget, type Exceeded, type Hold, type Holder } from '#src/lib/byte-budget.js';
import { siteOf } from '#src/lib/network.js';
import {
  type BodyMode,
  type Definitions,
  type JsonSchema,
  largestBody,
} from '#src/lib/validation/index.js';
import { hasBody } from './connections.js';

/** Maximum size in bytes of a body that no schema describes. */
export const SMALL_BODY = 16 * 1024;

/**
 * Content types that Fastify accepts (RFC 9110, section 8.3). It would reject all others with 415,
 * where FastAPI treats the body as plain text.
 */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/**
 * Reads bodies as bytes, within the limit of the operation: a few KiB, or what its schema needs. The
 * larger bodies of all requests that are running have a budget of bytes, of which one network and
 * one user get half each: beyond it, 429 or 503. Bytes count as they arrive, so a client takes
 * nothing from others by announcing a body.
 */
export default fp<{ limit: number }>(
  async (app, { limit }) => {
    app.addHook('onRoute', (route) => {
      const needed = route.bodyLimit ?? neededBytes(route, app.getSchemas() as Definitions);
      route.bodyLimit = Math.min(Math.max(needed, SMALL_BODY), limit);
    });

    // How to parse a body depends on the operation as well as the content type, so it stays a
    // buffer.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      '*',
      { parseAs: 'buffer' },
      async (_request: unknown, body: Buffer) => body,
    );

    const budget = new ByteBudget(2 * limit);
    app.addHook('preParsing', (request, reply, payload, done) => {
      const type = request.headers['content-type'];
      if (type !== undefined && !MEDIA_TYPE.test(type)) {
        request.headers = { 'content-type': 'application/octet-stream' };
      }
      // A body over the limit is refused unread.
      const length = announcedLength(request);
      if (length === 0 || length > request.routeOptions.bodyLimit) return done(null, payload);
      const hold = budget.hold(holdersOf(request, limit));
      const isLarge = length > SMALL_BODY;
      const exceeded = isLarge ? hold.exceeds(length) : null;
      if (exceeded !== null) return done(refusal(exceeded));
      if (isExpecting(request)) reply.raw.writeContinue();
      if (!isLarge) return done(null, payload);
      finished(reply.raw, () => hold.release());
      done(null, counted(payload, hold));
    });
  },
  { name: 'bodies', dependencies: ['components', 'client-address', 'local-access'] },
);

/** Bytes of the body; those that it may have if the request does not say; 0 if it has none. */
function announcedLength({ raw, headers, routeOptions }: FastifyRequest): number {
  return hasBody(raw) ? Number(headers['content-length'] ?? routeOptions.bodyLimit) : 0;
}

/** Whether the client sends the body only when invited to (RFC 9110, section 10.1.1). */
function isExpecting({ raw, method }: FastifyRequest): boolean {
  const { expect } = raw.headers;
  // The bodies of these are ignored, and HTTP/1.0 has no invitation.
  if (['GET', 'HEAD'].includes(method) || raw.httpVersion === '1.0') return false;
  return expect?.toLowerCase() === '100-continue';
}

/** A site of IPv6 gets more than one of its networks, and less than all. */
function holdersOf({ address, network, viewer }: FastifyRequest, limit: number): Holder[] {
  const holders = [
    { name: network, most: limit },
    { name: `site ${siteOf(address)}`, most: 1.5 * limit },
  ];
  return viewer === null ? holders : [...holders, { name: `user ${viewer.id}`, most: limit }];
}

/** Passes a body on while its bytes are within the budget. */
function counted(payload: RequestPayload, hold: Hold): Transform {
  const passed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const exceeded = hold.add(chunk.length);
      if (exceeded === null) done(null, chunk);
      else done(refusal(exceeded));
    },
  });
  payload.once('error', (error) => passed.destroy(error));
  // What follows is discarded, so that the client can read the refusal.
  passed.once('error', () => payload.resume());
  return payload.pipe(passed);
}

function refusal(exceeded: Exceeded): ApiError {
  return new ApiError(exceeded === 'each' ? 'too_many_requests' : 'too_busy');
}

/**
 * Returns the size of the largest valid JSON body in bytes. Forms may contain files and have no
 * such limit.
 */
function neededBytes({ schema, config }: RouteOptions, definitions: Definitions): number {
  const body = describeBody(schema?.body, config?.bodyMode);
  if (body === undefined) return 0;
  if (body.mode.startsWith('form')) return Number.POSITIVE_INFINITY;
  return largestBody(body.schema, definitions);
}

/**
 * Returns the schema of a body, which a route declares directly or by content type, and its mode.
 */
export function describeBody(
  body: unknown,
  mode: BodyMode | undefined,
): { schema: JsonSchema; mode: BodyMode } | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  if (!('content' in body)) return { schema: body, mode: mode ?? 'model' };
  const content = body.content as Record<string, { schema: JsonSchema }>;
  const [type, only] = Object.entries(content)[0] ?? [];
  if (type === undefined || only === undefined) return undefined;
  return { schema: only.schema, mode: mode ?? (FORM_TYPES.includes(type) ? 'form' : 'model') };
}
