import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Author } from './posts.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  Timestamp,
} from './types.js';

export const tag: OperationTag = {
  name: 'trash',
  description: 'Deleted posts, comments, tasks and projects: list, restore and purge',
};

/**
 * The types of resources that are moved to the trash when they are deleted. Posts are purged before
 * comments, because purging a post also deletes its comments.
 */
export const TRASH_KINDS = ['post', 'comment', 'task', 'project'] as const;
export type TrashKind = (typeof TRASH_KINDS)[number];

/** Days after which an item in the trash is purged. */
export const TRASH_DAYS = 30;

const kind = Enum(TRASH_KINDS, { description: 'The type of the item' });

const example = {
  kind: 'post' as const,
  id: 1,
  title: 'Pooling connections',
  author: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  deleted_at: '2026-01-31T09:30:00.000Z',
  deleted_by: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  expires_at: '2026-03-02T09:30:00.000Z',
};

export const TrashItem = Component(
  'TrashItem',
  Type.Object(
    {
      kind,
      id: Id('The id of the post, comment, task or project'),
      title: Type.String({
        description:
          'The title of the post, the beginning of the comment, the summary of the task, or the ' +
          'name of the project',
      }),
      author: Nullable(Ref(Author), {
        description:
          'The author, or the owner of the task or project; null if the user was deleted',
      }),
      deleted_at: Timestamp('When the item was moved to the trash'),
      deleted_by: Nullable(Ref(Author), {
        description: 'The user who moved the item to the trash; null if that user was deleted',
      }),
      expires_at: Timestamp('When the item will be purged'),
    },
    {
      description: 'A post, comment, task or project in the trash, which can be restored',
      examples: [example],
    },
  ),
);
export type TrashItem = Static<typeof TrashItem>;

export const TrashPage = pageOf('TrashPage', Ref(TrashItem), 'items in the trash', example);

export const TrashListQuery = Type.Object({
  kind: Default(kind, 'post'),
  ...listQuery(['deleted_at'], '-deleted_at'),
});
export type TrashListQuery = Static<typeof TrashListQuery>;

export const TrashParams = Type.Object({
  kind,
  id: Id('The id of the post, comment, task or project'),
});
