import { type Static, Type } from '@sinclair/typebox';
import { Component, Default, Nullable } from './types.js';

export const GreetQuery = Type.Object({
  user_name: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'The name to greet, in any script',
    examples: ['张三'],
  }),
});

/** Every option of a query parameter except required, which `SearchQuery` shows. */
export const OptionsQuery = Type.Object({
  q: Default(
    Type.String({
      title: 'Query text',
      maxLength: 100,
      description: 'A string with a default',
    }),
    '',
  ),
  page: Default(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'An integer from 1 (ge) to 1000 (le)' }),
    1,
  ),
  sort: Default(
    Type.String({
      pattern: '^-?(created_at|title)$',
      maxLength: 50,
      description: 'A string that must match a pattern',
    }),
    'created_at',
  ),
  tag: Default(
    Type.Array(Type.String({ minLength: 1, maxLength: 50 }), {
      maxItems: 20,
      description: 'A repeatable parameter: `tag=a&tag=b`',
    }),
    [],
  ),
  code: Type.Optional(
    Type.String({
      title: 'Code',
      minLength: 3,
      maxLength: 10,
      description: 'A string of 3 to 10 characters, without a default',
    }),
  ),
  ratio: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'A number greater than 0 (gt) and less than 1 (lt)',
    }),
  ),
  keyword: Type.Optional(
    Type.String({
      maxLength: 100,
      deprecated: true,
      description: 'The former name of `q`, used if `q` is empty',
    }),
  ),
});
export type OptionsQuery = Static<typeof OptionsQuery>;

export const PlaygroundQuery = Component(
  'PlaygroundQuery',
  Type.Object(
    {
      search: Type.String({ description: 'The value of `q`, or of `keyword` if `q` is empty' }),
      page: Type.Integer({ description: 'The value of `page`' }),
      sort: Type.String({ description: 'The value of `sort`' }),
      tags: Type.Array(Type.String(), { description: 'All values of `tag`' }),
      code: Nullable(Type.String(), { description: 'The value of `code`; null if omitted' }),
      ratio: Nullable(Type.Number(), { description: 'The value of `ratio`; null if omitted' }),
    },
    {
      description: 'The query as parsed',
      examples: [
        { search: '', page: 1, sort: 'created_at', tags: ['a', 'b'], code: null, ratio: 0.5 },
      ],
    },
  ),
);

export const SearchQuery = Type.Object({
  q: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'The search text; required',
    examples: ['fastify'],
  }),
  page: Default(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'The page number, starting at 1' }),
    1,
  ),
  size: Default(
    Type.Integer({ minimum: 1, maximum: 100, description: 'The maximum number of items per page' }),
    10,
  ),
  sort: Default(
    Type.String({
      pattern: '^(relevance|date|popular)$',
      maxLength: 20,
      description: 'The sort order',
    }),
    'relevance',
  ),
});

export const PlaygroundSearch = Component(
  'PlaygroundSearch',
  Type.Object(
    {
      q: Type.String({ description: 'The search text' }),
      page: Type.Integer({ description: 'The page number' }),
      size: Type.Integer({ description: 'The maximum number of items per page' }),
      sort: Type.String({ description: 'The sort order' }),
    },
    {
      description: 'The search query as parsed',
      examples: [{ q: 'fastify', page: 1, size: 10, sort: 'relevance' }],
    },
  ),
);
