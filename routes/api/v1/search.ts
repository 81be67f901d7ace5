import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import {
  MAX_CANDIDATES,
  SearchPage,
  SearchQuery,
  Suggestions,
  SuggestQuery,
  tag,
} from '#schemas/search.js';
import { Ref } from '#schemas/types.js';
import { search, suggest } from '#src/articles/services/search.js';

const tags = [tag.name];

const operations = {
  search: {
    operationId: 'search',
    summary: 'Search posts and comments',
    description:
      'Returns the posts and comments that match all words and that you may see. Matches in ' +
      'the title rank highest, then matches in summary and tags, then matches in the text. ' +
      `Only the newest ${MAX_CANDIDATES} matches of each kind are ranked and counted in ` +
      '`total`: posts, posts with all words in the title, and comments. `sort=popular` adds ' +
      `the ${MAX_CANDIDATES} most viewed matches. If the texts of the matching posts are very ` +
      'long together, only the newest are ranked by their texts. There is no cursor: ' +
      '`next_cursor` is always null. Few searches run at once: if too many are waiting, the ' +
      'response is 503 with the code `too_busy`.',
    tags,
    querystring: SearchQuery,
    headers: IfNoneMatchHeaders,
    response: { 200: Ref(SearchPage), 304: NotModified },
  },
  suggest: {
    operationId: 'search-suggest',
    summary: 'Suggest search texts',
    description:
      'Returns published posts with a title word that begins with the last word of `q`, and ' +
      'categories and tags with a name that begins with `q`.',
    tags,
    querystring: SuggestQuery,
    response: { 200: Ref(Suggestions) },
  },
} as const;

const config = { access: 'public', scope: 'posts:read' } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: operations.search, config: { ...config, reply: 'read', sends: ['Link'] } },
    async (request, reply) => {
      const page = reply.read(await search(request.context(), request.query));
      return reply.page(page);
    },
  );

  app.get('/suggest', { schema: operations.suggest, config }, async (request) => {
    return { items: await suggest(request.context(), request.query) };
  });
};

export default routes;
