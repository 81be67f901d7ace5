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
    summary: 'Send an integer in the query',
    description: 'Adds the integers from 1 to `n`. A number with a fraction is rejected.',
    tags,
    querystring: SumQuery,
    response: { 200: Ref(PlaygroundSum) },
  },
  invoice: {
    operationId: 'playground-invoice',
    summary: 'Send a positive number in the path',
    description: 'Returns the amount as a number and as text, rounded to two decimals.',
    tags,
    params: InvoiceParams,
    response: { 200: Ref(PlaygroundInvoice) },
  },
  path: {
    operationId: 'playground-path',
    summary: 'Send a path in the path',
    description: 'Takes the rest of the path as one value, slashes included.',
    tags,
    params: PathParams,
    response: { 200: Ref(PlaygroundPath) },
  },
  items: {
    operationId: 'playground-items',
    summary: 'Send a list in the path',
    description: 'Splits the value at commas. An error contains the index of the invalid value.',
    tags,
    params: ItemsParams,
    response: { 200: Ref(PlaygroundItems) },
  },
  version: {
    operationId: 'playground-version',
    summary: 'Send a version in the path',
    description:
      'Accepts a version of the form `1.2.3`. Any other value is answered with 422, not with ' +
      '404.',
    tags,
    params: VersionParams,
    response: { 200: Ref(PlaygroundVersion) },
  },
  choice: {
    operationId: 'playground-choice',
    summary: 'Send an enum value in the path',
    description: 'Accepts only the listed values. The error for any other value lists them.',
    tags,
    params: ChoiceParams,
    response: { 200: Ref(PlaygroundChoice) },
  },
  uuid: {
    operationId: 'playground-uuid',
    summary: 'Send a UUID in the path',
    description:
      'Accepts a UUID of any version, in upper or lower case, and returns it in canonical form.',
    tags,
    params: UuidParams,
    response: { 200: Ref(PlaygroundUuid) },
  },
  item: {
    operationId: 'playground-item',
    summary: 'Send path and query parameters',
    description:
      'Returns an id from the path and an optional text from the query, which is null if ' +
      'omitted.',
    tags,
    params: ItemParams,
    querystring: ItemQuery,
    response: { 200: Ref(PlaygroundItem) },
  },
  comment: {
    operationId: 'playground-comment',
    summary: 'Send two ids in a nested path',
    description: 'Returns both ids. If both are invalid, the error reports both.',
    tags,
    params: CommentParams,
    response: { 200: Ref(PlaygroundComment) },
  },
  hello: {
    operationId: 'playground-hello',
    summary: 'Omit an optional path segment',
    description: 'Returns a greeting for everybody, from the same handler as with a name.',
    tags,
    response: { 200: Ref(PlaygroundHello) },
  },
  helloName: {
    operationId: 'playground-hello-name',
    summary: 'Send an optional path segment',
    description:
      'Returns a greeting for the name in the path, from the same handler as without a name.',
    tags,
    params: HelloParams,
    response: { 200: Ref(PlaygroundHello) },
  },
  query: {
    operationId: 'playground-query',
    summary: 'Try all query parameter options',
    description:
      'Shows defaults, lengths, inclusive and exclusive limits, a pattern, titles, a ' +
      'repeatable and a deprecated parameter. `playground-search` shows a required one.',
    tags,
    querystring: OptionsQuery,
    response: { 200: Ref(PlaygroundQuery) },
  },
  search: {
    operationId: 'playground-search',
    summary: 'Send a search query',
    description:
      'Returns a required search text with page, size and sort order, without searching.',
    tags,
    querystring: SearchQuery,
    response: { 200: Ref(PlaygroundSearch) },
  },
  greet: {
    operationId: 'playground-greet',
    summary: 'Send any script in the query',
    description: 'Returns a greeting in plain text. The name is percent-encoded UTF-8.',
    tags,
    querystring: GreetQuery,
    response: { 200: plainText('A greeting', 'Hello,张三') },
  },
} as const;

/** An empty path segment matches no route. */
const config = { errors: [404] } as const;

/** Splits a list in a path (OpenAPI style `simple`) before validation, which expects an array. */
const splitItems: onRequestAsyncHookHandler = async ({ params }) => {
  const given = params as { items: unknown };
  given.items = String(given.items).split(',');
};

/** Parameters in paths and queries. */
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
