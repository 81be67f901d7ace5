import { type Static, Type } from '@sinclair/typebox';
import { ProjectTaskParams, STATUSES } from './project-tasks.js';
import { Component, Enum, Id, Ref, Timestamp } from './types.js';

/** How a task is related to another: it blocks it, relates to it, duplicates it, is part of it. */
export const RELATION_KINDS = ['blocks', 'relates', 'duplicates', 'subtask'] as const;
export type RelationKind = (typeof RELATION_KINDS)[number];

export const RELATION_DIRECTIONS = ['outgoing', 'incoming'] as const;

/** The maximum number of relations of a task, in both directions. */
export const MAX_RELATIONS_PER_TASK = 50;

/** The maximum number of tasks that a task blocks, duplicates or is part of through others. */
export const MAX_RELATED_THROUGH_OTHERS = 2000;

const kind = Enum(RELATION_KINDS, {
  description:
    'The kind: a task `blocks` another, `relates` to it (which goes both ways), `duplicates` it, ' +
    'or is a `subtask` of it',
  examples: ['blocks'],
});

const relatedExample = { id: 102, number: 13, summary: 'Print them', status: 'todo' as const };

export const RelatedTask = Component(
  'RelatedTask',
  Type.Object(
    {
      id: Id('The id of the task'),
      number: Type.Integer({ minimum: 1, description: 'The number of the task in its project' }),
      summary: Type.String({ description: 'What is to be done, in plain text' }),
      status: Enum(STATUSES, { description: 'The status' }),
    },
    { description: 'A task that another is related to', examples: [relatedExample] },
  ),
);
export type RelatedTask = Static<typeof RelatedTask>;

const example = {
  kind: 'blocks' as const,
  direction: 'outgoing' as const,
  task: relatedExample,
  created_at: '2026-01-31T09:30:00.000Z',
};

export const TaskRelation = Component(
  'TaskRelation',
  Type.Object(
    {
      kind,
      direction: Enum(RELATION_DIRECTIONS, {
        description:
          '`outgoing` if this task blocks, duplicates or is a subtask of the other; `incoming` if ' +
          'the other one does or is; always `outgoing` for `relates`',
      }),
      task: Ref(RelatedTask),
      created_at: Timestamp('When the relation was added'),
    },
    { description: 'A relation of a task to another of the same project', examples: [example] },
  ),
);
export type TaskRelation = Static<typeof TaskRelation>;

export const TaskRelations = Component(
  'TaskRelations',
  Type.Object(
    {
      items: Type.Array(Ref(TaskRelation), {
        description: `The relations, oldest first, at most ${MAX_RELATIONS_PER_TASK}`,
      }),
    },
    { description: 'All relations of a task', examples: [{ items: [example] }] },
  ),
);
export type TaskRelations = Static<typeof TaskRelations>;

/** A relation in an event. */
export const RelationOfTasks = Component(
  'RelationOfTasks',
  Type.Object(
    {
      task_id: Id('The id of the task that blocks, relates to, duplicates or is a subtask'),
      kind,
      other_id: Id('The id of the other task'),
    },
    {
      description: 'A relation of two tasks',
      examples: [{ task_id: 101, kind: 'blocks', other_id: 102 }],
    },
  ),
);
export type RelationOfTasks = Static<typeof RelationOfTasks>;

export const TaskRelationParams = Type.Object({
  ...ProjectTaskParams.properties,
  kind,
  other_id: Id('The id of the other task'),
});
export type TaskRelationParams = Static<typeof TaskRelationParams>;
