import { type Static, Type } from '@sinclair/typebox';
import { pageOf } from './paging.js';
import { newTopic, topicChanges, topicFields, wholeTopic } from './topics.js';
import { Component, type OperationTag, Ref } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'tags',
  description: 'Tags of posts; a post has any number',
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
    description: 'A word that posts are marked with: each post may have several',
    examples: [example],
  }),
);
export type Tag = Static<typeof Tag>;

export const TagPage = pageOf('TagPage', Ref(Tag), 'tags', example);

export const TagCreate = Component(
  'TagCreate',
  Type.Object(newTopic, {
    description: 'A tag to be created',
    examples: [{ name: 'databases' }],
  }),
);
export type TagCreate = Static<typeof TagCreate>;

export const TagReplace = Component(
  'TagReplace',
  Type.Object(wholeTopic, {
    description: 'A tag to replace the one that is there; its slug stays if it is left out',
    examples: [{ name: 'Databases' }],
  }),
);
export type TagReplace = Static<typeof TagReplace>;

export const TagUpdate = Component(
  'TagUpdate',
  Type.Object(topicChanges, {
    description: 'The fields to change; what is left out stays as it is',
    examples: [{ name: 'Databases', slug: 'databases' }],
  }),
);
export type TagUpdate = Static<typeof TagUpdate>;
