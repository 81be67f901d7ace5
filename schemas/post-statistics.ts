import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Author, PostSummary, Topic } from './posts.js';
import { Component, Default, Ref } from './types.js';

/** The maximum number of months in the archives: a hundred years. */
export const MAX_ARCHIVE_MONTHS = 1200;

/** A complete list, without paging. */
function listOf<T extends TSchema, N extends string>(
  name: N,
  item: T,
  description: string,
  example: Static<T>,
) {
  return Component(
    name,
    Type.Object(
      { items: Type.Array(item, { description: 'The items, in sort order' }) },
      { description, examples: [{ items: [example] }] },
    ),
  );
}

const postCount = Type.Integer({ minimum: 1, description: 'The number of published posts' });
const viewCount = Type.Integer({
  minimum: 0,
  description: 'The total number of views of these posts',
});

export const PopularPosts = listOf(
  'PopularPosts',
  Ref(PostSummary),
  'The most viewed posts, most viewed first',
  (PostSummary.examples as [PostSummary])[0],
);

const monthExample = { month: '2026-01', post_count: 12 };
export const PostMonth = Component(
  'PostMonth',
  Type.Object(
    {
      month: Type.String({
        pattern: '^[0-9]{4}-[0-9]{2}$',
        description: 'The year and month, in UTC',
      }),
      post_count: postCount,
    },
    { description: 'A month and the number of posts published in it', examples: [monthExample] },
  ),
);
export type PostMonth = Static<typeof PostMonth>;

export const PostArchives = listOf(
  'PostArchives',
  Ref(PostMonth),
  'The months in which posts were published, newest first; ' +
    `${MAX_ARCHIVE_MONTHS.toLocaleString('en')} at most`,
  monthExample,
);

const authorExample = {
  author: (Author.examples as [Author])[0],
  post_count: 12,
  view_count: 420,
  comment_count: 7,
};
export const AuthorOfPosts = Component(
  'AuthorOfPosts',
  Type.Object(
    {
      author: Ref(Author),
      post_count: postCount,
      view_count: viewCount,
      comment_count: Type.Integer({
        minimum: 0,
        description: 'The total number of approved comments on these posts',
      }),
    },
    { description: 'An author, with totals over their published posts', examples: [authorExample] },
  ),
);
export type AuthorOfPosts = Static<typeof AuthorOfPosts>;

export const PostsByAuthor = listOf(
  'PostsByAuthor',
  Ref(AuthorOfPosts),
  'The authors with the most published posts, highest number first',
  authorExample,
);

const tagExample = { tag: (Topic.examples as [Topic])[0], post_count: 12, view_count: 420 };
export const TagOfPosts = Component(
  'TagOfPosts',
  Type.Object(
    { tag: Ref(Topic), post_count: postCount, view_count: viewCount },
    { description: 'A tag, with totals over its published posts', examples: [tagExample] },
  ),
);
export type TagOfPosts = Static<typeof TagOfPosts>;

export const PostsByTag = listOf(
  'PostsByTag',
  Ref(TagOfPosts),
  'The tags with the most published posts, highest number first',
  tagExample,
);

export const StatisticsQuery = Type.Object({
  limit: Default(
    Type.Integer({ minimum: 1, maximum: 100, description: 'The maximum number of items' }),
    10,
  ),
});
