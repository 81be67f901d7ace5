import { type Static, Type } from '@sinclair/typebox';
import { ProjectTaskSummary, status, summaryExample } from './project-tasks.js';
import { projectKey } from './projects.js';
import { Component, Id, Nullable, Ref } from './types.js';

/** The number of tasks with which each column of a board begins. */
export const BOARD_COLUMN_SIZE = 50;

/** The maximum size of a board in bytes of JSON. Longer columns begin with fewer tasks. */
export const MAX_BOARD_BYTES = 1_000_000;

export const BoardColumn = Component(
  'BoardColumn',
  Type.Object(
    {
      status,
      count: Type.Integer({ minimum: 0, description: 'The number of tasks in the column' }),
      limit: Nullable(Type.Integer(), {
        description: 'The maximum number of tasks in the column; null without a limit',
      }),
      tasks: Type.Array(Ref(ProjectTaskSummary), {
        description: `The first tasks, at most ${BOARD_COLUMN_SIZE}`,
      }),
      next_cursor: Nullable(Type.String(), {
        description:
          'The cursor of the next tasks: list the tasks of the project with this `status` and ' +
          '`sort=position`. Null at the end.',
      }),
    },
    {
      description: 'A column of a board',
      examples: [
        { status: 'in_progress', count: 1, limit: 3, tasks: [summaryExample], next_cursor: null },
      ],
    },
  ),
);
export type BoardColumn = Static<typeof BoardColumn>;

export const Board = Component(
  'Board',
  Type.Object(
    {
      project_id: Id('The id of the project'),
      key: projectKey,
      event_id: Type.Integer({
        minimum: 0,
        description:
          'The id of the last event that the board contains: subscribe to `project:{id}` since it',
      }),
      columns: Type.Array(Ref(BoardColumn), { description: 'The columns, from left to right' }),
    },
    {
      description: 'The board of a project',
      examples: [
        {
          project_id: 1,
          key: 'WEB',
          event_id: 4711,
          columns: [
            { status: 'todo', count: 0, limit: null, tasks: [], next_cursor: null },
            {
              status: 'in_progress',
              count: 1,
              limit: 3,
              tasks: [summaryExample],
              next_cursor: null,
            },
          ],
        },
      ],
    },
  ),
);
export type Board = Static<typeof Board>;
