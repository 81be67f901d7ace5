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

export const tag: OperationTag = {
  name: 'search',
  description: 'Full-text search in posts, tasks and the comments on them',
};

/**
 * The maximum number of matches of each kind (posts, posts by title, comments) that a search ranks.
 */
export const MAX_CANDIDATES = 1000;

/** The maximum number of matches of a search: of each kind, and the most viewed posts. */
export const MAX_SEARCH_HITS = 4 * MAX_CANDIDATES;

/** The maximum page size: each match costs a look into its text. */
const MAX_SEARCH_PAGE_SIZE = 20;

export const SEARCH_KINDS = ['post', 'comment'] as const;

/** The sort orders of search results. */
export const SEARCH_ORDERS = ['relevance', 'date', 'popular'] as const;
export type SearchOrder = (typeof SEARCH_ORDERS)[number];

export const SUGGESTION_KINDS = ['category', 'tag', 'post'] as const;

export const SAFE =
  'as HTML that is safe to embed: text with the matches in `<mark>`, and no other tags';

const SearchedPost = Component(
  'SearchedPost',
  Type.Object(
    {
      id: Id('The id of the post'),
      title: Type.String({ description: 'The title' }),
      slug: Type.String({ description: 'The slug used in URLs' }),
    },
    {
      description: 'The matching post, or the post that the matching comment is on',
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
      kind: Enum(SEARCH_KINDS, { description: 'The type of the result' }),
      id: Id('The id of the post or comment'),
      post: Ref(SearchedPost),
      title_html: Type.String({ description: `The title of the post, ${SAFE}` }),
      snippet_html: Type.String({
        description: `The part of the text around the first match, ${SAFE}`,
      }),
      author: Nullable(Ref(Author), {
        description: 'The author of the post or comment; null if the user was deleted',
      }),
      category: Nullable(Ref(Topic), {
        description: 'The category of the post; null for none',
      }),
      tags: Type.Array(Ref(Topic), { description: 'The tags of the post, sorted by name' }),
      view_count: Type.Integer({ minimum: 0, description: 'The number of views of the post' }),
      date: Timestamp('When the post was published, or when the draft or comment was created'),
      rank: Type.Number({
        minimum: 0,
        description:
          'The relevance, comparable within one response only: 2 or more if all words are ' +
          'in the title, 1 or more if all are in title, summary or tags',
      }),
    },
    { description: 'A post or comment that matches the search', examples: [example] },
  ),
);
export type SearchHit = Static<typeof SearchHit>;

export { SearchedPost };

export const SearchPage = pageOf('SearchPage', Ref(SearchHit), 'search results', example, {
  total: `The number of matches, at most ${MAX_CANDIDATES} of each kind`,
});

// No cursor: results are ranked per request, so a position in them is not stable.
const { page, size } = pageQuery(MAX_SEARCH_PAGE_SIZE);

const q = Type.String({
  minLength: 1,
  maxLength: 100,
  description:
    'The search text. All words must match, in any form (*running* finds *run*). Use ' +
    '"quotes" for a phrase, `-` to exclude a word, and `OR` between alternatives. Chinese ' +
    'needs no spaces. Every text is a valid query.',
  examples: ['connection pool -tasks'],
});

/** The parameters that all searches have: text and page. */
export const searchParameters = { q, page, size };

export const SearchQuery = Type.Object({
  ...searchParameters,
  sort: Default(
    Enum(SEARCH_ORDERS, {
      description: 'The sort order: best match, newest or most viewed first',
    }),
    'relevance',
  ),
});
export type SearchQuery = Static<typeof SearchQuery>;

export const Suggestion = Component(
  'Suggestion',
  Type.Object(
    {
      kind: Enum(SUGGESTION_KINDS, { description: 'The type of the suggestion' }),
      text: Type.String({
        description: 'The title of the post, or the name of the tag or category',
      }),
      slug: Type.String({ description: 'The slug of the post, the tag or the category' }),
    },
    {
      description: 'A suggestion for completing a search',
      examples: [{ kind: 'post', text: 'Pooling connections', slug: 'pooling-connections' }],
    },
  ),
);
export type Suggestion = Static<typeof Suggestion>;

export const Suggestions = Component(
  'Suggestions',
  Type.Object(
    { items: Type.Array(Ref(Suggestion), { description: 'The suggestions, best first' }) },
    {
      description: 'Suggestions for completing a search',
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
    description: 'The text typed so far',
    examples: ['sea'],
  }),
  limit: Default(
    Type.Integer({ minimum: 1, maximum: 20, description: 'The maximum number of suggestions' }),
    10,
  ),
});
export type SuggestQuery = Static<typeof SuggestQuery>;
