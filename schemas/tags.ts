import { type Static, Type } from '@sinclair/typebox';
import { pageOf, SEARCHED_TOTAL } from './paging.js';
import { newTopic, topicChanges, topicFields, wholeTopic } from './topics.js';
import { Component, type OperationTag, Ref } from './types.js';

export const tag: OperationTag = {
  name: 'tags',
  description: 'Tags of posts. A post has up to 20 tags.',
};

const example = {
  id: 7,
  name: 'postgres',
  slug: 'postgres',
  post_count: 12,
  created_at: '2026-01-30T18:00:00.000Z',
  updated_at: '2026-01-30T18:00:00.000Z',
};

export const Tag = Component(
  'Tag',
  Type.Object(topicFields, {
    description: 'A tag of posts',
    examples: [example],
  }),
);
export type Tag = Static<typeof Tag>;

export const TagPage = pageOf('TagPage', Ref(Tag), 'tags', example, {
  total: SEARCHED_TOTAL,
});

export const TagCreate = Component(
  'TagCreate',
  Type.Object(newTopic, {
    description: 'The tag to create',
    examples: [{ name: 'databases' }],
  }),
);
export type TagCreate = Static<typeof TagCreate>;

export const TagReplace = Component(
  'TagReplace',
  Type.Object(wholeTopic, {
    description: 'The new state of the tag. An omitted slug is kept.',
    examples: [{ name: 'Markup' }],
  }),
);
export type TagReplace = Static<typeof TagReplace>;

export const TagUpdate = Component(
  'TagUpdate',
  Type.Object(topicChanges, {
    description: 'The fields to change. Omitted fields keep their values.',
    examples: [{ name: 'Markup', slug: 'markup' }],
  }),
);
export type TagUpdate = Static<typeof TagUpdate>;
