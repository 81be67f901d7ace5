import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import type { Page } from '#schemas/paging.js';
import type { ResponseHeaderName } from '#schemas/response-headers.js';
import type { Read } from '#src/cache/shared-reads.js';
import { linkHeader } from '#src/lists/link-header.js';

/** The success responses that the contract cannot tell from the shape of their routes. */
export type Answer = 'created' | 'page' | 'read';

/** The headers that each of them has. */
export const ANSWER_HEADERS: Record<Answer, readonly ResponseHeaderName[]> = {
  created: ['Location', 'ETag'],
  page: ['Link'],
  read: ['X-Cache'],
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The method of the reply that the handler ends in, where the contract cannot derive it:
     * `created`, `read`, or `page` without a cursor.
     */
    answers?: Answer;
  }
  interface FastifyReply {
    /** One page of a list, with the `Link` header of RFC 8288. */
    page<T>(page: Page<T>): Page<T>;
    /** A new resource: 201, with its `Location` and `ETag`. */
    created<T>(location: string, resource: T, tag: string): T;
    /** A single resource, with its `ETag`. */
    entity<T>(resource: T, tag: string): T;
    /** What was read through the cache: `ETag`, `X-Cache`, and who may cache it. */
    read<T>(read: Read<T>): T;
  }
}

const CREDENTIALS = ['Cookie', 'Authorization', 'X-API-Key'] as const;

/** What handlers end in. */
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

    app.decorateReply('read', function <T>(this: FastifyReply, read: Read<T>): T {
      assertDeclared(this, 'read');
      const { headers } = this.request;
      const isAnonymous = CREDENTIALS.every((name) => !headers[name.toLowerCase()]);
      const scope = read.isShared && isAnonymous ? 'public' : 'private';
      this.header('etag', read.tag);
      this.header('x-cache', read.isHit ? 'hit' : 'miss');
      this.header('cache-control', `${scope}, no-cache`);
      // A response to a signed-in user may renew their cookie: with that, no cache should freshen
      // what it stores for everyone (RFC 9111, section 4.3.4).
      this.header('vary', [this.getHeader('vary') ?? [], ...CREDENTIALS].flat().join(', '));
      return read.value;
    });
  },
  { name: 'replies' },
);

/** A response whose headers the contract does not list must not be sent. */
function assertDeclared({ request }: FastifyReply, answer: Answer): void {
  const { url, config } = request.routeOptions;
  if (config.answers !== answer)
    throw new TypeError(`${url} does not declare answers: '${answer}'`);
}
