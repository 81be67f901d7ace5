import { type Static, Type } from '@sinclair/typebox';
import { listQuery } from './paging.js';
import { postPageQuery, SLUG_PATTERN, VISIBLE_PATTERN } from './posts.js';
import { Id, Timestamp } from './types.js';

/** What categories and tags have in common. */
const name = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: VISIBLE_PATTERN,
  description: 'What it is called; unique without regard to case',
});
const slug = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: SLUG_PATTERN,
  description: 'Its name in an address; unique',
});

const newSlug = Type.Optional({
  ...slug,
  description:
    'Its name in an address; made from the name (Chinese is written in Latin letters), with a number ' +
    'behind it if that is taken, when it is left out',
});
const keptSlug = Type.Optional({
  ...slug,
  description: 'Its name in an address; stays as it is, also under a new name, when it is left out',
});

export const topicFields = {
  id: Id('Its number'),
  name: Type.String({ description: 'What it is called' }),
  slug: Type.String({ description: 'Its name in an address' }),
  post_count: Type.Integer({ minimum: 0, description: 'How many published posts it has' }),
  created_at: Timestamp('When it was created'),
  updated_at: Timestamp('When it was last changed'),
};

export const newTopic = { name, slug: newSlug };
export const wholeTopic = { name, slug: keptSlug };
export const topicChanges = { name: Type.Optional(name), slug: keptSlug };

/** What lists of categories and of tags may be sorted by. */
export const TOPIC_SORTS = ['name', 'created_at', 'post_count'] as const;
export type TopicSort = (typeof TOPIC_SORTS)[number];

export const TopicListQuery = Type.Object({
  q: Type.Optional(
    Type.String({ maxLength: 100, description: 'Only those whose name has this in it' }),
  ),
  slug: Type.Optional(
    Type.String({ maxLength: 50, description: 'Only the one with this slug, if there is one' }),
  ),
  ...listQuery(TOPIC_SORTS),
});
export type TopicListQuery = Static<typeof TopicListQuery>;

export const TopicParams = Type.Object({ id: Id('Its number') });

export const TopicSlugParams = Type.Object({
  slug: Type.String({
    minLength: 1,
    maxLength: 50,
    description: 'Its slug',
    examples: ['databases'],
  }),
});

export const TopicPostsQuery = Type.Object(postPageQuery);
export type TopicPostsQuery = Static<typeof TopicPostsQuery>;
