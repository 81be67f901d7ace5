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

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'trash',
  description: 'Deleted posts and comments: list, restore, purge',
};

/** What goes to the trash when it is deleted. */
export const TRASH_KINDS = ['post', 'comment'] as const;
export type TrashKind = (typeof TRASH_KINDS)[number];

/** Days after which what is in the trash is gone for good. */
export const TRASH_DAYS = 30;

const kind = Enum(TRASH_KINDS, { description: 'What it is' });

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
      id: Id('Its number'),
      title: Type.String({ description: 'The title of a post, or how a comment begins' }),
      author: Nullable(Ref(Author), { description: 'Who wrote it; null if the user is gone' }),
      deleted_at: Timestamp('When it was deleted'),
      deleted_by: Nullable(Ref(Author), {
        description: 'Who deleted it; null if the user is gone',
      }),
      expires_at: Timestamp('When it will be gone for good'),
    },
    { description: 'Something that was deleted and can be restored', examples: [example] },
  ),
);
export type TrashItem = Static<typeof TrashItem>;

export const TrashPage = pageOf('TrashPage', Ref(TrashItem), 'things that were deleted', example);

export const TrashListQuery = Type.Object({
  kind: Default(kind, 'post'),
  ...listQuery(['deleted_at'], '-deleted_at'),
});
export type TrashListQuery = Static<typeof TrashListQuery>;

export const TrashParams = Type.Object({ kind, id: Id('The number of what was deleted') });
