import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
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
      'The posts and comments that you may see and that hold all the words: in the title counts ' +
      'more than in summary and tags, and that more than in the text. So that a word that stands ' +
      `everywhere is answered as fast, no more is ranked than the newest ${MAX_CANDIDATES} posts, the ` +
      `newest ${MAX_CANDIDATES} with the words in their titles, with \`sort=popular\` the ` +
      `${MAX_CANDIDATES} that are read most, and the newest ${MAX_CANDIDATES} comments; what is beyond ` +
      'is neither found nor counted in `total`. Pages are numbered: `next_cursor` is always null.',
    tags,
    querystring: SearchQuery,
    response: { 200: Ref(SearchPage) },
  },
  suggest: {
    operationId: 'search-suggest',
    summary: 'Suggest what to search for',
    description:
      'Published posts with a word in the title that begins like the last one that was typed, and ' +
      'categories and tags whose names begin with what was typed.',
    tags,
    querystring: SuggestQuery,
    response: { 200: Ref(Suggestions) },
  },
} as const;

const config = { access: 'public', scope: 'posts:read' } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: operations.search, config: { ...config, answers: 'page' } },
    async (request, reply) => {
      const page = await search(request.context(), request.query);
      return reply.page(page);
    },
  );

  app.get('/suggest', { schema: operations.suggest, config }, async (request) => {
    return { items: await suggest(request.context(), request.query) };
  });
};

export default routes;
