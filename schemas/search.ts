import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageQuery } from './paging.js';
import { Author, Topic } from './posts.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  Timestamp,
} from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'search',
  description: 'Full-text search in posts and comments',
};

/** How many posts, posts by their title, and comments a search ranks at most: each the newest. */
export const MAX_CANDIDATES = 1000;

export const SEARCH_KINDS = ['post', 'comment'] as const;

/** The orders of what a search finds. */
export const SEARCH_ORDERS = ['relevance', 'date', 'popular'] as const;
export type SearchOrder = (typeof SEARCH_ORDERS)[number];

export const SUGGESTION_KINDS = ['category', 'tag', 'post'] as const;

const SAFE =
  'as HTML that is safe to show: text, with what was found in `<mark>`, and nothing else';

const SearchedPost = Component(
  'SearchedPost',
  Type.Object(
    {
      id: Id('The number of the post'),
      title: Type.String({ description: 'The title' }),
      slug: Type.String({ description: 'The name in an address' }),
    },
    {
      description: 'The post that was found, or on which the comment stands',
      examples: [{ id: 1, title: 'Pooling connections', slug: 'pooling-connections' }],
    },
  ),
);

const example = {
  kind: 'post' as const,
  id: 1,
  post: { id: 1, title: 'Pooling connections', slug: 'pooling-connections' },
  title_html: 'Pooling <mark>connections</mark>',
  snippet_html: 'A pool keeps <mark>connections</mark> open.',
  author: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  category: { id: 3, name: 'Databases', slug: 'databases' },
  tags: [{ id: 7, name: 'postgres', slug: 'postgres' }],
  view_count: 42,
  date: '2026-01-31T09:30:00.000Z',
  rank: 2.6079,
};

export const SearchHit = Component(
  'SearchHit',
  Type.Object(
    {
      kind: Enum(SEARCH_KINDS, { description: 'What was found' }),
      id: Id('The number of the post or the comment'),
      post: Ref(SearchedPost),
      title_html: Type.String({ description: `The title of the post, ${SAFE}` }),
      snippet_html: Type.String({
        description: `The part of the text in which most was found, ${SAFE}`,
      }),
      author: Nullable(Ref(Author), {
        description: 'Who wrote the post or the comment; null if the user is gone',
      }),
      category: Nullable(Ref(Topic), {
        description: 'The category of the post; null if there is none',
      }),
      tags: Type.Array(Ref(Topic), { description: 'The tags of the post, by name' }),
      view_count: Type.Integer({ minimum: 0, description: 'How often the post was read' }),
      date: Timestamp(
        'When the post was published, or, of a draft and of a comment, when it was created',
      ),
      rank: Type.Number({
        minimum: 0,
        description:
          'How well it fits, to be compared within one answer: from 2 on, all words stand in the ' +
          'title; from 1 on, in title, summary and tags',
      }),
    },
    { description: 'A post or a comment that was found', examples: [example] },
  ),
);
export type SearchHit = Static<typeof SearchHit>;

export { SearchedPost };

export const SearchPage = pageOf('SearchPage', Ref(SearchHit), 'what was found', example);

// What is ranked anew for each question has no place that a cursor could name.
const { page, size } = pageQuery();

export const SearchQuery = Type.Object({
  q: Type.String({
    minLength: 1,
    maxLength: 100,
    description:
      'Words, all of which are to be found, in any form (*running* finds *run*); "quotes" for what ' +
      'stands together, `-` before what is not to be found, `OR` between what may be. Chinese needs ' +
      'no blanks. No text is wrong.',
    examples: ['connection pool -redis'],
  }),
  page,
  size,
  sort: Default(
    Enum(SEARCH_ORDERS, {
      description: 'The best first, the newest first, or what is read most often first',
    }),
    'relevance',
  ),
});
export type SearchQuery = Static<typeof SearchQuery>;

export const Suggestion = Component(
  'Suggestion',
  Type.Object(
    {
      kind: Enum(SUGGESTION_KINDS, { description: 'What is suggested' }),
      text: Type.String({ description: 'The title, or the name' }),
      slug: Type.String({ description: 'The slug of the post, the tag or the category' }),
    },
    {
      description: 'What somebody may be about to type',
      examples: [{ kind: 'post', text: 'Pooling connections', slug: 'pooling-connections' }],
    },
  ),
);
export type Suggestion = Static<typeof Suggestion>;

export const Suggestions = Component(
  'Suggestions',
  Type.Object(
    { items: Type.Array(Ref(Suggestion), { description: 'The suggestions, the best first' }) },
    {
      description: 'What somebody may be about to type',
      examples: [
        { items: [{ kind: 'post', text: 'Pooling connections', slug: 'pooling-connections' }] },
      ],
    },
  ),
);

export const SuggestQuery = Type.Object({
  q: Type.String({
    minLength: 1,
    maxLength: 50,
    description: 'What was typed so far',
    examples: ['conn'],
  }),
  limit: Default(
    Type.Integer({ minimum: 1, maximum: 20, description: 'How many suggestions at most' }),
    10,
  ),
});
export type SuggestQuery = Static<typeof SuggestQuery>;
