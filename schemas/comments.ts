import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Author, VISIBLE_PATTERN } from './posts.js';
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
  name: 'comments',
  description: 'Comments on posts, and their moderation',
};

/** Characters that the Markdown of a comment may have. */
export const MAX_COMMENT_LENGTH = 5000;

/** How many comments one answer has at most, those at the top of the page included. */
export const MAX_COMMENTS = 1000;

/**
 * How many levels of replies a tree shows beneath the top of the page. Whoever writes or reads
 * nested JSON does so by recursion, so it must not be as deep as a thread can be.
 */
export const MAX_LEVELS = 30;

/** How many comments are moderated at once. */
export const MAX_MODERATED = 100;

/** For how long after it was written a comment can be edited. */
export const EDIT_WINDOW_MINUTES = 15;

export const COMMENT_FORMS = ['tree', 'flat'] as const;

/** What a list of comments may be sorted by. */
export const COMMENT_SORTS = ['created_at'] as const;
export type CommentSort = (typeof COMMENT_SORTS)[number];

export const MODERATIONS = ['approve', 'reject', 'delete'] as const;
export type Moderation = (typeof MODERATIONS)[number];

const content = Type.String({
  minLength: 1,
  maxLength: MAX_COMMENT_LENGTH,
  pattern: VISIBLE_PATTERN,
  description: 'The text as Markdown',
  examples: ['Does a **larger** pool help?'],
});

const fields = {
  id: Id('The number of the comment'),
  post_id: Id('The number of the post'),
  parent_id: Nullable(Id('The number of a comment'), {
    description: 'The comment to which it replies; null at the top of a thread',
  }),
  thread_id: Id('The comment at the top of its thread: itself, if it is that one'),
  depth: Type.Integer({ minimum: 0, description: 'How many comments it stands beneath' }),
  author: Nullable(Ref(Author), {
    description: 'Who wrote it; null if the user is gone or the comment was deleted',
  }),
  content: Type.String({ description: 'The text as Markdown; empty if it was deleted' }),
  content_html: Type.String({
    description: 'The text as HTML: safe to show, whatever was written; empty if it was deleted',
  }),
  is_approved: Type.Boolean({
    description: 'Whether everyone sees it; until then only its author and editors do',
  }),
  is_rejected: Type.Boolean({
    description: 'Whether an editor decided against it; if neither, it waits for a decision',
  }),
  is_deleted: Type.Boolean({
    description: 'Whether it was deleted, and only keeps the place for the replies to it',
  }),
  created_at: Timestamp('When it was written'),
  updated_at: Timestamp('When its text was last changed'),
};

const example = {
  id: 7,
  post_id: 1,
  parent_id: null,
  thread_id: 7,
  depth: 0,
  author: { id: 2, username: 'bob', nickname: 'Bob', avatar_url: null },
  content: 'Does a **larger** pool help?',
  content_html: '<p>Does a <strong>larger</strong> pool help?</p>\n',
  is_approved: true,
  is_rejected: false,
  is_deleted: false,
  created_at: '2026-01-31T10:00:00.000Z',
  updated_at: '2026-01-31T10:00:00.000Z',
};

export const Comment = Component(
  'Comment',
  Type.Object(fields, { description: 'A comment on a post', examples: [example] }),
);
export type Comment = Static<typeof Comment>;

/** A comment with the replies to it. */
export interface CommentNode extends Comment {
  has_more_replies: boolean;
  replies?: CommentNode[];
}

const nodeExample = { ...example, has_more_replies: false, replies: [] };

const NODE = 'CommentNode';
export const CommentNode = Component(
  NODE,
  Type.Object(
    {
      ...fields,
      has_more_replies: Type.Boolean({
        description:
          'Whether there are replies to it that are not in this answer: read them with ' +
          '`GET /api/v1/comments/{id}/replies`',
      }),
      replies: Type.Optional(
        Type.Array(Type.Unsafe<CommentNode>(Type.Ref(NODE)), {
          description: 'The replies to it, the oldest first; left out of a flat list',
        }),
      ),
    },
    { description: 'A comment with the replies to it', examples: [nodeExample] },
  ),
) as TSchema & { $id: typeof NODE; static: CommentNode };

export const CommentPage = pageOf('CommentPage', Ref(Comment), 'comments', example);

export const CommentNodePage = pageOf(
  'CommentNodePage',
  Ref(CommentNode),
  'comments with the replies to them; what is counted are those at the top of the page',
  nodeExample,
);

export const CommentCreate = Component(
  'CommentCreate',
  Type.Object(
    {
      content,
      parent_id: Default(
        Nullable(Id('The number of a comment'), {
          description: 'The comment of the same post to which it replies; null for none',
        }),
        null,
      ),
    },
    {
      description: 'A comment to be written',
      examples: [{ content: 'Does a **larger** pool help?' }],
    },
  ),
);
export type CommentCreate = Static<typeof CommentCreate>;

export const CommentUpdate = Component(
  'CommentUpdate',
  Type.Object(
    { content },
    { description: 'The new text of a comment', examples: [{ content: 'Is 20 too large?' }] },
  ),
);
export type CommentUpdate = Static<typeof CommentUpdate>;

export const CommentModeration = Component(
  'CommentModeration',
  Type.Object(
    {
      ids: Type.Array(Id('The number of a comment'), {
        minItems: 1,
        maxItems: MAX_MODERATED,
        uniqueItems: true,
        description: 'The numbers of the comments',
        examples: [[7, 8]],
      }),
      action: Enum(MODERATIONS, { description: 'What to do with all of them' }),
    },
    {
      description: 'What is to be done with many comments',
      examples: [{ ids: [7, 8], action: 'approve' }],
    },
  ),
);
export type CommentModeration = Static<typeof CommentModeration>;

function ids(description: string) {
  return Type.Array(Type.Integer(), { description });
}

export const CommentsModerated = Component(
  'CommentsModerated',
  Type.Object(
    {
      changed: ids('The comments with which it was done'),
      unchanged: ids('Those that were so already'),
      missing: ids('Those that do not exist'),
    },
    {
      description: 'The outcome of moderating many comments',
      examples: [{ changed: [7], unchanged: [8], missing: [] }],
    },
  ),
);
export type CommentsModerated = Static<typeof CommentsModerated>;

/** The query of a list of comments with the replies to them. */
export const CommentTreeQuery = Type.Object({
  form: Default(
    Enum(COMMENT_FORMS, {
      description:
        'Whether replies stand within the comment to which they reply, or all comments one after ' +
        'the other, as they are read, told apart by `parent_id` and `depth`',
    }),
    'tree',
  ),
  ...listQuery(COMMENT_SORTS),
});
export type CommentTreeQuery = Static<typeof CommentTreeQuery>;

/** The query of the list of all comments. */
export const CommentListQuery = Type.Object({
  is_approved: Type.Optional(
    Type.Boolean({ description: 'Only those that everyone sees, or those that not everyone does' }),
  ),
  is_rejected: Type.Optional(
    Type.Boolean({
      description:
        'Only those that an editor decided against, or the others: with `is_approved=false` those ' +
        'that wait for a decision',
    }),
  ),
  post_id: Type.Optional(Id('Only those on the post with this number')),
  author: Type.Optional(
    Type.String({ maxLength: 50, description: 'Only what the user of this name wrote' }),
  ),
  ...listQuery(COMMENT_SORTS, '-created_at'),
});
export type CommentListQuery = Static<typeof CommentListQuery>;

export const CommentParams = Type.Object({ id: Id('The number of the comment') });
