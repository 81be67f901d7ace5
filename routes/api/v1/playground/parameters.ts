import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { onRequestAsyncHookHandler } from 'fastify';
import {
  ChoiceParams,
  CommentParams,
  HelloParams,
  InvoiceParams,
  ItemParams,
  ItemQuery,
  ItemsParams,
  PathParams,
  PlaygroundChoice,
  PlaygroundComment,
  PlaygroundHello,
  PlaygroundInvoice,
  PlaygroundItem,
  PlaygroundItems,
  PlaygroundPath,
  PlaygroundSum,
  PlaygroundUuid,
  PlaygroundVersion,
  SumQuery,
  UuidParams,
  VersionParams,
} from '#schemas/playground-parameters.js';
import {
  GreetQuery,
  OptionsQuery,
  PlaygroundQuery,
  PlaygroundSearch,
  SearchQuery,
} from '#schemas/playground-queries.js';
import { Ref } from '#schemas/types.js';
import { plainText, TEXT_TYPE } from './plain-text.js';
import { tags } from './tags.js';

const operations = {
  sum: {
    operationId: 'playground-sum',
    summary: 'A whole number in the query',
    description: 'Adds up the numbers from 1 to `n`. A number that is no integer is refused.',
    tags,
    querystring: SumQuery,
    response: { 200: Ref(PlaygroundSum) },
  },
  invoice: {
    operationId: 'playground-invoice',
    summary: 'A positive number in the path',
    description: 'Shows the amount as a number and, rounded to two decimals, as a text.',
    tags,
    params: InvoiceParams,
    response: { 200: Ref(PlaygroundInvoice) },
  },
  path: {
    operationId: 'playground-path',
    summary: 'A path in the path',
    description: 'Everything that follows, however many slashes it has, is one value.',
    tags,
    params: PathParams,
    response: { 200: Ref(PlaygroundPath) },
  },
  items: {
    operationId: 'playground-items',
    summary: 'A list in the path',
    description: 'The values are separated by commas; an error names the index of the value.',
    tags,
    params: ItemsParams,
    response: { 200: Ref(PlaygroundItems) },
  },
  version: {
    operationId: 'playground-version',
    summary: 'A pattern in the path',
    description: 'What does not look like `1.2.3` is an invalid value, 422, and not a wrong path.',
    tags,
    params: VersionParams,
    response: { 200: Ref(PlaygroundVersion) },
  },
  choice: {
    operationId: 'playground-choice',
    summary: 'One of several values in the path',
    description: 'Only the listed values are valid; the error for another one lists them.',
    tags,
    params: ChoiceParams,
    response: { 200: Ref(PlaygroundChoice) },
  },
  uuid: {
    operationId: 'playground-uuid',
    summary: 'A UUID in the path',
    description: 'Any version of UUID, in either case; it is shown in its usual form.',
    tags,
    params: UuidParams,
    response: { 200: Ref(PlaygroundUuid) },
  },
  item: {
    operationId: 'playground-item',
    summary: 'Path and query together',
    description: 'A number in the path and an optional text in the query, null if left out.',
    tags,
    params: ItemParams,
    querystring: ItemQuery,
    response: { 200: Ref(PlaygroundItem) },
  },
  comment: {
    operationId: 'playground-comment',
    summary: 'Two numbers in a nested path',
    description: 'If both are invalid, both are reported.',
    tags,
    params: CommentParams,
    response: { 200: Ref(PlaygroundComment) },
  },
  hello: {
    operationId: 'playground-hello',
    summary: 'A path without its last part',
    description: 'Greets everybody; the same handler as with a name.',
    tags,
    response: { 200: Ref(PlaygroundHello) },
  },
  helloName: {
    operationId: 'playground-hello-name',
    summary: 'A path with its last part',
    description: 'Greets whom the path names; the same handler as without a name.',
    tags,
    params: HelloParams,
    response: { 200: Ref(PlaygroundHello) },
  },
  query: {
    operationId: 'playground-query',
    summary: 'Every option of a query parameter',
    description:
      'Defaults, lengths, limits that count and that do not, a pattern, titles, a parameter that ' +
      'may be repeated and a deprecated one. A required one is in `playground-search`.',
    tags,
    querystring: OptionsQuery,
    response: { 200: Ref(PlaygroundQuery) },
  },
  search: {
    operationId: 'playground-search',
    summary: 'The query of a search',
    description: 'A required text with page, size and order; nothing is searched.',
    tags,
    querystring: SearchQuery,
    response: { 200: Ref(PlaygroundSearch) },
  },
  greet: {
    operationId: 'playground-greet',
    summary: 'Any script in the query',
    description: 'Greets in plain text. The name is UTF-8, percent-encoded.',
    tags,
    querystring: GreetQuery,
    response: { 200: plainText('A greeting', 'Hello,张三') },
  },
} as const;

/** What is not there at all is answered like anywhere else. */
const config = { errors: [404] } as const;

/** A list in a path is one text, as OpenAPI writes it (style `simple`); validation wants its parts. */
const splitItems: onRequestAsyncHookHandler = async ({ params }) => {
  const given = params as { items: unknown };
  given.items = String(given.items).split(',');
};

/** Values in paths and queries. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/sum', { schema: operations.sum }, async ({ query: { n } }) => ({
    n,
    sum: (n * (n + 1)) / 2,
    formula: 'n(n+1)/2',
  }));

  app.get('/invoice/:amount', { schema: operations.invoice, config }, async ({ params }) => ({
    amount: params.amount,
    text: `Invoice amount: $${params.amount.toFixed(2)}`,
  }));

  app.get('/path/*', { schema: operations.path, config }, async ({ params }) => ({
    subpath: params['*'],
  }));

  app.get(
    '/items/:items',
    { schema: operations.items, config, onRequest: splitItems },
    async ({ params }) => params,
  );

  app.get(
    '/version/:version',
    { schema: operations.version, config },
    async ({ params }) => params,
  );

  app.get('/choice/:page', { schema: operations.choice, config }, async ({ params }) => params);

  app.get('/uuid/:uid', { schema: operations.uuid, config }, async ({ params }) => params);

  app.get('/item/:id', { schema: operations.item, config }, async ({ params, query }) => ({
    item_id: params.id,
    q: query.q ?? null,
  }));

  app.get(
    '/posts/:id/comments/:cid',
    { schema: operations.comment, config },
    async ({ params: { id, cid } }) => ({
      post_id: id,
      comment_id: cid,
      text: `Post ${id}, Comment ${cid}`,
    }),
  );

  async function hello({ params }: { params: unknown }) {
    const { name = null } = params as { name?: string };
    return { name, message: `Hello, ${name ?? 'everybody'}!` };
  }
  app.get('/hello', { schema: operations.hello }, hello);
  app.get('/hello/:name', { schema: operations.helloName, config }, hello);

  app.get('/query', { schema: operations.query }, async ({ query }) => ({
    search: query.q || (query.keyword ?? ''),
    page: query.page,
    sort: query.sort,
    tags: query.tag,
    code: query.code ?? null,
    ratio: query.ratio ?? null,
  }));

  app.get('/search', { schema: operations.search }, async ({ query }) => query);

  app.get('/greet', { schema: operations.greet }, async ({ query }, reply) => {
    reply.type(TEXT_TYPE);
    return `Hello,${query.user_name}`;
  });
};

export default routes;
