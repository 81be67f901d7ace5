import { type Static, Type } from '@sinclair/typebox';
import { Component, Default, Nullable } from './types.js';

export const GreetQuery = Type.Object({
  user_name: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'Whom to greet, in any script',
    examples: ['张三'],
  }),
});

/** Every option that a query parameter can have, but for being required, which is in `SearchQuery`. */
export const OptionsQuery = Type.Object({
  q: Default(
    Type.String({
      title: 'Query text',
      maxLength: 100,
      description: 'A text with a default',
    }),
    '',
  ),
  page: Default(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'A number from 1 (ge) to 1000 (le)' }),
    1,
  ),
  sort: Default(
    Type.String({
      pattern: '^-?(created_at|title)$',
      maxLength: 50,
      description: 'A text that has to match a pattern',
    }),
    'created_at',
  ),
  tag: Default(
    Type.Array(Type.String({ minLength: 1, maxLength: 50 }), {
      maxItems: 20,
      description: 'May be repeated: `tag=a&tag=b`',
    }),
    [],
  ),
  code: Type.Optional(
    Type.String({
      title: 'Code',
      minLength: 3,
      maxLength: 10,
      description: 'A text of 3 to 10 characters, without a default',
    }),
  ),
  ratio: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'A number above 0 (gt) and below 1 (lt)',
    }),
  ),
  keyword: Type.Optional(
    Type.String({
      maxLength: 100,
      deprecated: true,
      description: 'The former name of `q`, which is used where `q` is empty',
    }),
  ),
});
export type OptionsQuery = Static<typeof OptionsQuery>;

export const PlaygroundQuery = Component(
  'PlaygroundQuery',
  Type.Object(
    {
      search: Type.String({ description: '`q`, or else `keyword`' }),
      page: Type.Integer({ description: '`page`' }),
      sort: Type.String({ description: '`sort`' }),
      tags: Type.Array(Type.String(), { description: 'Each `tag`' }),
      code: Nullable(Type.String(), { description: '`code`, or null' }),
      ratio: Nullable(Type.Number(), { description: '`ratio`, or null' }),
    },
    {
      description: 'The query as it was understood',
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
    description: 'What to look for; required',
    examples: ['fastify'],
  }),
  page: Default(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'The page, counted from 1' }),
    1,
  ),
  size: Default(
    Type.Integer({ minimum: 1, maximum: 100, description: 'How many items a page has' }),
    10,
  ),
  sort: Default(
    Type.String({
      pattern: '^(relevance|date|popular)$',
      maxLength: 20,
      description: 'The order',
    }),
    'relevance',
  ),
});

export const PlaygroundSearch = Component(
  'PlaygroundSearch',
  Type.Object(
    {
      q: Type.String({ description: 'What to look for' }),
      page: Type.Integer({ description: 'The page' }),
      size: Type.Integer({ description: 'How many items a page has' }),
      sort: Type.String({ description: 'The order' }),
    },
    {
      description: 'A search as it was understood',
      examples: [{ q: 'fastify', page: 1, size: 10, sort: 'relevance' }],
    },
  ),
);
