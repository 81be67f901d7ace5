import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import type { Page } from '#schemas/paging.js';
import type { ResponseHeaderName } from '#schemas/response-headers.js';
import { SharedJson } from '#src/cache/shared-json.js';
import type { Read } from '#src/cache/shared-reads.js';
import { linkHeader } from '#src/lists/link-header.js';
import { hasCurrent } from './conditional-requests.js';

/** Success responses that the contract cannot derive from the schemas of their routes. */
export type ReplyKind = 'created' | 'page' | 'read';

/** Headers of each response. */
export const REPLY_HEADERS: Record<ReplyKind, readonly ResponseHeaderName[]> = {
  created: ['Location', 'ETag'],
  page: ['Link'],
  read: ['X-Cache'],
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Reply method that the handler ends with, where the contract cannot derive it: `created`,
     * `read`, or `page` without a cursor.
     */
    reply?: ReplyKind;
  }
  interface FastifyReply {
    /** Returns a page of a list, with the `Link` header of RFC 8288. */
    page<T>(page: Page<T>): Page<T>;
    /** Returns a new resource, with status 201, `Location` and `ETag`. */
    created<T>(location: string, resource: T, tag: string): T;
    /** Returns a single resource, with its `ETag`. */
    entity<T>(resource: T, tag: string): T;
    /**
     * Returns a value read through the cache, with `ETag`, `X-Cache`, `Cache-Control` and `Vary`.
     */
    read<T>(read: Read<T>): T;
  }
}

type Json = Record<string, unknown>;

/** The headers in which a request carries credentials. */
const CREDENTIALS = 'Cookie, Authorization, X-API-Key';

/** Adds the reply methods that handlers end with. */
export default fp(
  async (app) => {
    app.decorateReply('page', function <T>(this: FastifyReply, page: Page<T>): Page<T> {
      this.header('link', linkHeader(this.request.url, page));
      return page;
    });

    app.decorateReply('created', function <
      T,
    >(this: FastifyReply, location: string, resource: T, tag: string): T {
      assertDeclared(this, 'created');
      this.code(201).header('location', location).header('etag', tag);
      return resource;
    });

    app.decorateReply('entity', function <T>(this: FastifyReply, resource: T, tag: string): T {
      this.header('etag', tag);
      return resource;
    });

    const sharedJson = new SharedJson();
    app.decorateReply('read', function <T>(this: FastifyReply, read: Read<T>): T {
      assertDeclared(this, 'read');
      const { headers } = this.request;
      const isAnonymous = !(headers.cookie || headers.authorization || headers['x-api-key']);
      const scope = read.isShared && isAnonymous ? 'public' : 'private';
      this.header('etag', read.tag);
      this.header('x-cache', read.isHit ? 'hit' : 'miss');
      this.header('cache-control', `${scope}, no-cache`);
      // A response to a signed-in user may renew their cookie. No cache should use it to freshen
      // the public response that it stores (RFC 9111, section 4.3.4).
      const vary = this.getHeader('vary');
      this.header('vary', vary === undefined ? CREDENTIALS : `${vary}, ${CREDENTIALS}`);
      if (this.request.method === 'GET' && hasCurrent(this.request, read.tag)) {
        // The answer is 304: neither the JSON nor its type is needed.
        this.serializer(() => '');
        return read.value;
      }
      const serialize = this.getSerializationFunction('200');
      // A handler that sends no JSON has set its type.
      if (read.isShared && serialize !== undefined && !this.hasHeader('content-type')) {
        this.type('application/json; charset=utf-8');
        const toJson = (value: Json) =>
          value === read.value ? sharedJson.of(value, serialize) : serialize(value);
        // Fastify sends bytes, too; its types know strings only.
        this.serializer(toJson as (value: Json) => string);
      }
      return read.value;
    });
  },
  { name: 'replies', dependencies: ['conditional-requests'] },
);

/** Checks that the contract lists the headers of the response. @throws TypeError if not */
function assertDeclared({ request }: FastifyReply, kind: ReplyKind): void {
  const { url, config } = request.routeOptions;
  if (config.reply !== kind) throw new TypeError(`${url} does not declare reply: '${kind}'`);
}

/** Sets the headers of a stream of server-sent events. */
export function beginEventStream(reply: FastifyReply): FastifyReply {
  return (
    reply
      .type('text/event-stream; charset=utf-8')
      .header('cache-control', 'no-cache')
      // A connection kept alive after its stream would delay a graceful shutdown.
      .header('connection', 'close')
      .header('x-accel-buffering', 'no')
  );
}
