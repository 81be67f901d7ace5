import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { tag } from '#schemas/posts.js';
import type { FeedPlace } from '#src/articles/lib/atom-feed.js';
import { FEED_LENGTH, MAX_FEED_HTML, PostFeed } from '#src/articles/services/feed.js';
import { ApiError } from '#src/errors.js';

export interface FeedOptions {
  /** The base URL of the web client, if there is one. */
  clientUrl: string | undefined;
}

const MEDIA_TYPE = 'application/atom+xml';

const operations = {
  read: {
    operationId: 'feed-read',
    summary: 'Read the feed',
    description:
      `Returns the ${FEED_LENGTH} newest published posts as an Atom feed (RFC 4287). Links ` +
      'point to `posts/<slug>` in the configured web client, or to this API if none is ' +
      `configured. The feed contains at most ${MAX_FEED_HTML} characters of HTML in total: ` +
      'posts that do not fit have only their summary.',
    tags: [tag.name],
    headers: IfNoneMatchHeaders,
    response: {
      200: {
        description: 'The feed',
        content: {
          [MEDIA_TYPE]: {
            schema: {
              type: 'string',
              examples: ['<feed xmlns="http://www.w3.org/2005/Atom"><title>Althing</title></feed>'],
            },
          },
        },
      },
      304: NotModified,
    },
  },
} as const;

const routes: FastifyPluginAsyncTypebox<FeedOptions> = async (app, { clientUrl }) => {
  const config = { reply: 'read', errors: [400] } as const;
  const feed = new PostFeed(app.sharedReads);

  app.get('/feed.xml', { schema: operations.read, config }, async (request, reply) => {
    const read = await feed.read(placeOf(request, clientUrl));
    reply.type(`${MEDIA_TYPE}; charset=utf-8`);
    return reply.read(read);
  });
};

/** @throws ApiError bad_request if the `Host` header is not valid */
function placeOf({ protocol, host }: FastifyRequest, clientUrl: string | undefined): FeedPlace {
  const origin = `${protocol}://${host}`;
  if (!URL.canParse(origin)) throw new ApiError('bad_request');
  const self = new URL('/feed.xml', origin).href;
  if (clientUrl === undefined) {
    return { self, site: `${origin}/`, posts: `${origin}/api/v1/posts/slug/` };
  }
  const site = clientUrl.replace(/\/?$/, '/');
  return { self, site, posts: `${site}posts/` };
}

export default routes;
