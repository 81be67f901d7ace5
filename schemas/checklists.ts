import { type Static, Type } from '@sinclair/typebox';
import { VISIBLE_PATTERN } from './posts.js';
import { Component, Default, Id, StoredText } from './types.js';

export const MAX_CHECKLIST_ITEMS = 50;

export const ChecklistItem = Component(
  'ChecklistItem',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The id of the item, unique within the task' }),
      text: Type.String({ description: 'What is to be done' }),
      done: Type.Boolean({ description: 'Whether it is done' }),
    },
    {
      description: 'An item of the checklist of a task',
      examples: [{ id: 1, text: 'Ask for samples', done: false }],
    },
  ),
);
export type ChecklistItem = Static<typeof ChecklistItem>;

const itemText = StoredText({
  minLength: 1,
  maxLength: 300,
  pattern: VISIBLE_PATTERN,
  description: 'What is to be done',
});

export const ChecklistItemCreate = Component(
  'ChecklistItemCreate',
  Type.Object(
    {
      text: itemText,
      done: Default(Type.Boolean({ description: 'Whether it is done' }), false),
    },
    { description: 'The item to add at the end', examples: [{ text: 'Ask for samples' }] },
  ),
);
export type ChecklistItemCreate = Static<typeof ChecklistItemCreate>;

export const ChecklistItemUpdate = Component(
  'ChecklistItemUpdate',
  Type.Object(
    {
      text: Type.Optional(itemText),
      done: Type.Optional(Type.Boolean({ description: 'Whether it is done' })),
    },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ done: true }],
    },
  ),
);
export type ChecklistItemUpdate = Static<typeof ChecklistItemUpdate>;

export const ChecklistItemParams = Type.Object({
  id: Id('The id of the project'),
  task_id: Id('The id of the task'),
  item_id: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'The id of the item',
    examples: [1],
  }),
});
