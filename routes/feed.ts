import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { tag } from '#schemas/posts.js';
import { FEED_LENGTH, MAX_FEED_HTML, PostFeed } from '#src/articles/services/feed.js';

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
      'point to `posts/<slug>` in the configured web client. If none is configured, they ' +
      'point to this API and are relative to the URL of the feed. Ids change only with the URL of that client. ' +
      `The feed contains at most ${MAX_FEED_HTML} characters of HTML in total: ` +
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
  const config = { reply: 'read' } as const;
  const feed = new PostFeed(app.sharedReads, clientUrl);

  app.get('/feed.xml', { schema: operations.read, config }, async (_request, reply) => {
    const read = await feed.read();
    reply.type(`${MEDIA_TYPE}; charset=utf-8`);
    return reply.read(read);
  });
};

export default routes;
