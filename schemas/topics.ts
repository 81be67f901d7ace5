import { type Static, Type } from '@sinclair/typebox';
import { listQuery, SEARCHED_PAGES } from './paging.js';
import { postPageQuery } from './post-queries.js';
import { SLUG_PATTERN, VISIBLE_PATTERN } from './posts.js';
import { Id, StoredText, Timestamp } from './types.js';

/** The fields that categories and tags share. */
const name = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: VISIBLE_PATTERN,
  description: 'The name; unique, ignoring case and Unicode normalization',
});
const slug = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: SLUG_PATTERN,
  description: 'The slug used in URLs; unique',
});

const newSlug = Type.Optional({
  ...slug,
  description:
    'The slug used in URLs. If omitted, it is derived from the name (Chinese is ' +
    'transliterated), with a number appended if it is taken.',
});
const keptSlug = Type.Optional({
  ...slug,
  description:
    'The slug used in URLs. If omitted, the current slug is kept, even if the name changes.',
});

/** The maximum number of categories, and of tags that editors created. */
export const MAX_TOPICS = 10_000;

export const topicFields = {
  id: Id('The id of the category or tag'),
  name: Type.String({ description: 'The name' }),
  slug: Type.String({ description: 'The slug used in URLs' }),
  post_count: Type.Integer({ minimum: 0, description: 'The number of published posts' }),
  created_at: Timestamp('When the category or tag was created'),
  updated_at: Timestamp('When the category or tag was last changed'),
};

export const newTopic = { name, slug: newSlug };
export const wholeTopic = { name, slug: keptSlug };
export const topicChanges = { name: Type.Optional(name), slug: keptSlug };

/** The columns that lists of categories and tags can be sorted by. */
export const TOPIC_SORTS = ['name', 'created_at', 'post_count'] as const;
export type TopicSort = (typeof TOPIC_SORTS)[number];

export const TopicListQuery = Type.Object({
  q: Type.Optional(
    StoredText({
      maxLength: 100,
      description: `Filter by names that contain this text, ignoring case. ${SEARCHED_PAGES}`,
    }),
  ),
  slug: Type.Optional(StoredText({ maxLength: 50, description: 'Filter by the exact slug' })),
  ...listQuery(TOPIC_SORTS),
});
export type TopicListQuery = Static<typeof TopicListQuery>;

export const TopicParams = Type.Object({ id: Id('The id of the category or tag') });

export const TopicSlugParams = Type.Object({
  slug: StoredText({
    minLength: 1,
    maxLength: 50,
    description: 'The slug of the category or tag',
    examples: ['databases'],
  }),
});

export const TopicPostsQuery = Type.Object(postPageQuery);
export type TopicPostsQuery = Static<typeof TopicPostsQuery>;
