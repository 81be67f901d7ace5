import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { VISIBLE_PATTERN } from './posts.js';
import { Component, Default, Id, Ref, Timestamp } from './types.js';

/** The columns that a list of labels can be sorted by. */
export const LABEL_SORTS = ['name', 'created_at'] as const;
export type LabelSort = (typeof LABEL_SORTS)[number];

/** The maximum number of labels of a project. */
export const MAX_LABELS_PER_PROJECT = 100;

const name = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: VISIBLE_PATTERN,
  description: 'The name; unique in the project, ignoring case and Unicode normalization',
});

const color = Type.String({
  pattern: '^#[0-9a-f]{6}$',
  description: 'The color as `#rrggbb`',
  examples: ['#d73a4a'],
});

const example = {
  id: 1,
  name: 'bug',
  color: '#d73a4a',
  created_at: '2026-01-31T09:30:00.000Z',
  updated_at: '2026-01-31T09:30:00.000Z',
};

export const ProjectLabel = Component(
  'ProjectLabel',
  Type.Object(
    {
      id: Id('The id of the label'),
      name: Type.String({ description: 'The name' }),
      color,
      created_at: Timestamp('When the label was created'),
      updated_at: Timestamp('When the label was last changed'),
    },
    { description: 'A label for tasks of a project', examples: [example] },
  ),
);
export type ProjectLabel = Static<typeof ProjectLabel>;

export const ProjectLabelPage = pageOf('ProjectLabelPage', Ref(ProjectLabel), 'labels', example);

export const ProjectLabelCreate = Component(
  'ProjectLabelCreate',
  Type.Object(
    { name, color: Default(color, '#808080') },
    { description: 'The label to create', examples: [{ name: 'research', color: '#0e8a16' }] },
  ),
);
export type ProjectLabelCreate = Static<typeof ProjectLabelCreate>;

export const ProjectLabelUpdate = Component(
  'ProjectLabelUpdate',
  Type.Object(
    { name: Type.Optional(name), color: Type.Optional(color) },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ color: '#b60205' }],
    },
  ),
);
export type ProjectLabelUpdate = Static<typeof ProjectLabelUpdate>;

export const ProjectLabelListQuery = Type.Object(listQuery(LABEL_SORTS));
export type ProjectLabelListQuery = Static<typeof ProjectLabelListQuery>;

export const ProjectLabelParams = Type.Object({
  id: Id('The id of the project'),
  label_id: Id('The id of the label'),
});
