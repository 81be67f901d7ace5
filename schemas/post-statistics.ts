import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Author, PostSummary, Topic } from './posts.js';
import { Component, Default, Ref } from './types.js';

/** A list that is whole: it has no pages. */
function listOf<T extends TSchema, N extends string>(
  name: N,
  item: T,
  description: string,
  example: Static<T>,
) {
  return Component(
    name,
    Type.Object(
      { items: Type.Array(item, { description: 'The items, in order' }) },
      { description, examples: [{ items: [example] }] },
    ),
  );
}

const postCount = Type.Integer({ minimum: 1, description: 'How many posts are published' });
const viewCount = Type.Integer({
  minimum: 0,
  description: 'How often they were read, all together',
});

export const PopularPosts = listOf(
  'PopularPosts',
  Ref(PostSummary),
  'The posts that were read most often, the first of them first',
  (PostSummary.examples as [PostSummary])[0],
);

const monthExample = { month: '2026-01', post_count: 12 };
export const PostMonth = Component(
  'PostMonth',
  Type.Object(
    {
      month: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}$', description: 'Year and month, in UTC' }),
      post_count: postCount,
    },
    { description: 'A month in which posts were published', examples: [monthExample] },
  ),
);
export type PostMonth = Static<typeof PostMonth>;

export const PostArchives = listOf(
  'PostArchives',
  Ref(PostMonth),
  'The months in which posts were published, the newest first',
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
        description: 'How many approved comments they have, all together',
      }),
    },
    { description: 'Who wrote posts, and how they are received', examples: [authorExample] },
  ),
);
export type AuthorOfPosts = Static<typeof AuthorOfPosts>;

export const PostsByAuthor = listOf(
  'PostsByAuthor',
  Ref(AuthorOfPosts),
  'Those with the most published posts, the first of them first',
  authorExample,
);

const tagExample = { tag: (Topic.examples as [Topic])[0], post_count: 12, view_count: 420 };
export const TagOfPosts = Component(
  'TagOfPosts',
  Type.Object(
    { tag: Ref(Topic), post_count: postCount, view_count: viewCount },
    { description: 'A tag of posts, and how they are received', examples: [tagExample] },
  ),
);
export type TagOfPosts = Static<typeof TagOfPosts>;

export const PostsByTag = listOf(
  'PostsByTag',
  Ref(TagOfPosts),
  'The tags with the most published posts, the first of them first',
  tagExample,
);

export const StatisticsQuery = Type.Object({
  limit: Default(
    Type.Integer({ minimum: 1, maximum: 100, description: 'How many items there are at most' }),
    10,
  ),
});
