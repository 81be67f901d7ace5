import { finished } from 'node:stream';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '#src/errors.js';
import { ByteBudget } from '#src/lib/byte-budget.js';
import { networkOf } from '#src/lib/network.js';
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
 * larger bodies of all requests that are running have a budget of bytes, of which one client gets
 * half: beyond it, 429 or 503.
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

    const budget = new ByteBudget({ total: 2 * limit, each: limit });
    app.addHook('preParsing', async (request, reply, payload) => {
      const type = request.headers['content-type'];
      if (type !== undefined && !MEDIA_TYPE.test(type)) {
        request.headers = { 'content-type': 'application/octet-stream' };
      }
      if (hasBody(request.raw)) reserve(budget, request, reply);
      return payload;
    });
  },
  { name: 'bodies', dependencies: ['components', 'client-address'] },
);

/** Reserves the bytes of a body until its request has been answered. */
function reserve(budget: ByteBudget, request: FastifyRequest, reply: FastifyReply): void {
  const { bodyLimit } = request.routeOptions;
  const length = Number(request.headers['content-length'] ?? bodyLimit);
  // A body over the limit is refused unread.
  if (length <= SMALL_BODY || length > bodyLimit) return;
  const release = budget.reserve(networkOf(request.address), length);
  if (release === 'each') {
    throw new ApiError('too_many_requests', { headers: { 'retry-after': '1' } });
  }
  if (release === 'total') throw new ApiError('too_busy');
  finished(reply.raw, release);
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
