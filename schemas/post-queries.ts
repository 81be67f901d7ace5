import { type Static, Type } from '@sinclair/typebox';
import { pageQuery, SEARCHED_PAGES } from './paging.js';
import { POST_STATUSES } from './posts.js';
import { Default, Enum, StoredText } from './types.js';

/** The sort orders of a list of posts. */
export const POST_ORDERS = ['newest', 'oldest', 'popular', 'title'] as const;
export type PostOrder = (typeof POST_ORDERS)[number];

/** The paging parameters and a named sort order. */
export const postPageQuery = {
  ...pageQuery(),
  sort: Default(
    Enum(POST_ORDERS, {
      description:
        'The sort order: by publication time (`newest`, `oldest`), by views, most first ' +
        '(`popular`), or by title',
    }),
    'newest',
  ),
};

export const PostListQuery = Type.Object({
  q: Type.Optional(
    Type.String({
      maxLength: 100,
      description: `Filter by full-text search, with the syntax of \`GET /api/v1/search\`. ${SEARCHED_PAGES}`,
    }),
  ),
  tag: Type.Optional(StoredText({ maxLength: 50, description: 'Filter by the slug of a tag' })),
  category: Type.Optional(
    StoredText({ maxLength: 50, description: 'Filter by the slug of a category' }),
  ),
  author: Type.Optional(
    StoredText({ maxLength: 50, description: 'Filter by the username of the author' }),
  ),
  month: Type.Optional(
    Type.String({
      pattern: '^[12][0-9]{3}-(?:0[1-9]|1[0-2])$',
      description: 'Filter by the month of publication (UTC)',
      examples: ['2026-01'],
    }),
  ),
  status: Default(
    Enum(POST_STATUSES, {
      description:
        'Filter by status. `draft` lists your own drafts, or all drafts if you are an editor.',
    }),
    'published',
  ),
  ...postPageQuery,
});
export type PostListQuery = Static<typeof PostListQuery>;
