import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Author } from './posts.js';
import { Component, Ref, Timestamp } from './types.js';

/** The columns that a list of watchers can be sorted by. */
export const WATCHER_SORTS = ['created_at'] as const;
export type WatcherSort = (typeof WATCHER_SORTS)[number];

const example = {
  user: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  created_at: '2026-01-31T09:30:00.000Z',
};

export const TaskWatcher = Component(
  'TaskWatcher',
  Type.Object(
    { user: Ref(Author), created_at: Timestamp('When the user began to watch the task') },
    { description: 'A member who watches a task', examples: [example] },
  ),
);
export type TaskWatcher = Static<typeof TaskWatcher>;

export const TaskWatcherPage = pageOf('TaskWatcherPage', Ref(TaskWatcher), 'watchers', example);

export const TaskWatcherListQuery = Type.Object(listQuery(WATCHER_SORTS));
export type TaskWatcherListQuery = Static<typeof TaskWatcherListQuery>;
