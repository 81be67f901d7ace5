import { type Static, Type } from '@sinclair/typebox';
import { pageOf, SEARCHED_TOTAL } from './paging.js';
import { newTopic, topicChanges, topicFields, wholeTopic } from './topics.js';
import { Component, Default, type OperationTag, Ref, StoredText } from './types.js';

export const tag: OperationTag = {
  name: 'categories',
  description: 'Categories of posts. A post has at most one category.',
};

const description = StoredText({
  maxLength: 200,
  description: 'A short description of the category',
});

const written = { name: 'Databases', description: 'Storing and finding.' };
const example = {
  id: 3,
  ...written,
  slug: 'databases',
  post_count: 12,
  created_at: '2026-01-30T18:00:00.000Z',
  updated_at: '2026-01-30T18:00:00.000Z',
};

export const Category = Component(
  'Category',
  Type.Object(
    {
      ...topicFields,
      description: Type.String({ description: 'A short description of the category' }),
    },
    {
      description: 'A category of posts',
      examples: [example],
    },
  ),
);
export type Category = Static<typeof Category>;

export const CategoryPage = pageOf('CategoryPage', Ref(Category), 'categories', example, {
  total: SEARCHED_TOTAL,
});

export const CategoryCreate = Component(
  'CategoryCreate',
  Type.Object(
    { ...newTopic, description: Default(description, '') },
    { description: 'The category to create', examples: [written] },
  ),
);
export type CategoryCreate = Static<typeof CategoryCreate>;

export const CategoryReplace = Component(
  'CategoryReplace',
  Type.Object(
    { ...wholeTopic, description: Default(description, '') },
    {
      description:
        'The new state of the category. Omitted fields are reset to their defaults, except ' +
        'the slug.',
      examples: [{ name: 'Handbooks', description: 'Step by step.' }],
    },
  ),
);
export type CategoryReplace = Static<typeof CategoryReplace>;

export const CategoryUpdate = Component(
  'CategoryUpdate',
  Type.Object(
    { ...topicChanges, description: Type.Optional(description) },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ description: 'Storing, finding and keeping.' }],
    },
  ),
);
export type CategoryUpdate = Static<typeof CategoryUpdate>;
