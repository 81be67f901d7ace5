import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { listQuery, pageOf, truncated } from './paging.js';
import { Author, VISIBLE_PATTERN } from './posts.js';
import { htmlLimit, MAX_COMMENT_HTML } from './rendered-html.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  StoredText,
  Timestamp,
} from './types.js';

export const tag: OperationTag = {
  name: 'comments',
  description: 'Comments on posts and their moderation',
};

/** The maximum length of a comment's Markdown source, in code points. */
export const MAX_COMMENT_LENGTH = 5000;

/** The maximum number of comments in one response, the first level included. */
export const MAX_COMMENTS = 1000;

/**
 * The maximum number of nested reply levels in a tree. JSON is written and parsed recursively, so
 * the nesting must be bounded although the depth of a thread is not.
 */
export const MAX_LEVELS = 30;

/** The maximum number of comments in one moderation request. */
export const MAX_MODERATED = 100;

/** The maximum number of comments per author, including comments in the trash. */
export const MAX_COMMENTS_PER_AUTHOR = 20_000;

/** How long a comment can be edited after its creation, in minutes. */
export const EDIT_WINDOW_MINUTES = 15;

export const COMMENT_FORMS = ['tree', 'flat'] as const;

/** The columns that a list of comments can be sorted by. */
export const COMMENT_SORTS = ['created_at'] as const;
export type CommentSort = (typeof COMMENT_SORTS)[number];

export const MODERATIONS = ['approve', 'reject', 'delete'] as const;
export type Moderation = (typeof MODERATIONS)[number];

const content = Type.String({
  minLength: 1,
  maxLength: MAX_COMMENT_LENGTH,
  pattern: VISIBLE_PATTERN,
  description: `The Markdown source. ${htmlLimit(MAX_COMMENT_HTML)}`,
  examples: ['Does a **larger** pool help?'],
});

const fields = {
  id: Id('The id of the comment'),
  post_id: Id('The id of the post'),
  parent_id: Nullable(Id('The id of a comment'), {
    description: 'The id of the comment that this comment replies to; null for a top-level comment',
  }),
  thread_id: Id(
    'The id of the top-level comment of the thread; for a top-level comment, its own id',
  ),
  depth: Type.Integer({
    minimum: 0,
    description: 'The nesting depth: 0 for a top-level comment, 1 for a reply to it',
  }),
  author: Nullable(Ref(Author), {
    description: 'The author; null if the user was deleted, or for a placeholder',
  }),
  content: Type.String({ description: 'The Markdown source; empty for a placeholder' }),
  content_html: Type.String({
    description:
      'The rendered HTML, sanitized and safe to embed in a page; empty for a placeholder',
  }),
  is_approved: Type.Boolean({
    description:
      'Whether the comment is visible to everyone. Otherwise only its author and editors see ' +
      'it; for all others, a placeholder takes its place while it has visible replies.',
  }),
  is_rejected: Type.Boolean({
    description:
      'Whether an editor rejected the comment. A comment that is neither approved nor ' +
      'rejected is pending. Always false for a placeholder.',
  }),
  is_deleted: Type.Boolean({
    description: 'Whether the comment was deleted, and is a placeholder for the replies to it',
  }),
  is_truncated: truncated('`content` and `content_html`'),
  version: Type.Integer({
    minimum: 1,
    description: 'The version of the comment, which every change increases',
  }),
  created_at: Timestamp('When the comment was created'),
  updated_at: Timestamp('When the text was last changed'),
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
  version: 1,
  created_at: '2026-01-31T10:00:00.000Z',
  updated_at: '2026-01-31T10:00:00.000Z',
};

export const Comment = Component(
  'Comment',
  Type.Object(fields, { description: 'A comment on a post', examples: [example] }),
);
export type Comment = Static<typeof Comment>;

/** A comment with its replies. */
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
          'Whether the comment has replies that are not in this response. Fetch them with ' +
          '`GET /api/v1/comments/{id}/replies`.',
      }),
      replies: Type.Optional(
        Type.Array(Type.Unsafe<CommentNode>(Type.Ref(NODE)), {
          description: 'The replies, oldest first; absent in a flat list',
        }),
      ),
    },
    { description: 'A comment with its replies', examples: [nodeExample] },
  ),
) as TSchema & { $id: typeof NODE; static: CommentNode };

export const CommentPage = pageOf('CommentPage', Ref(Comment), 'comments', example);

export const CommentNodePage = pageOf(
  'CommentNodePage',
  Ref(CommentNode),
  'comments with their replies. `size` and `total` count only the first level, not the ' +
    'replies beneath it.',
  nodeExample,
);

export const CommentCreate = Component(
  'CommentCreate',
  Type.Object(
    {
      content,
      parent_id: Default(
        Nullable(Id('The id of a comment'), {
          description:
            'The id of the comment to reply to, on the same post; null for a top-level comment',
        }),
        null,
      ),
    },
    {
      description: 'The comment to create',
      examples: [{ content: 'Does a **larger** pool help?' }],
    },
  ),
);
export type CommentCreate = Static<typeof CommentCreate>;

export const CommentUpdate = Component(
  'CommentUpdate',
  Type.Object(
    { content },
    { description: 'The new text of the comment', examples: [{ content: 'Is 20 too large?' }] },
  ),
);
export type CommentUpdate = Static<typeof CommentUpdate>;

/** A comment as a moderator has read it. */
export const ModeratedComment = Component(
  'ModeratedComment',
  Type.Object(
    {
      id: Id('The id of the comment'),
      version: Type.Integer({
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'The `version` of the comment that you have read',
      }),
    },
    {
      description: 'A comment to moderate, in the version that you have read',
      examples: [{ id: 5, version: 1 }],
    },
  ),
);
export type ModeratedComment = Static<typeof ModeratedComment>;

export const CommentModeration = Component(
  'CommentModeration',
  Type.Object(
    {
      comments: Type.Array(Ref(ModeratedComment), {
        minItems: 1,
        maxItems: MAX_MODERATED,
        description: 'The comments, each in the version that you have read',
        examples: [
          [
            { id: 7, version: 1 },
            { id: 8, version: 2 },
          ],
        ],
      }),
      action: Enum(MODERATIONS, { description: 'The action to apply to all of the comments' }),
    },
    {
      description: 'A moderation action and the comments to apply it to',
      examples: [{ comments: [{ id: 5, version: 1 }], action: 'approve' }],
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
      changed: ids('The ids of the comments that were changed'),
      unchanged: ids('The ids of the comments that were already in the requested state'),
      missing: ids('The ids of comments that do not exist'),
    },
    {
      description: 'The result of moderating comments in bulk',
      examples: [{ changed: [7], unchanged: [8], missing: [] }],
    },
  ),
);
export type CommentsModerated = Static<typeof CommentsModerated>;

/** The query of a list of comments with their replies. */
export const CommentTreeQuery = Type.Object({
  form: Default(
    Enum(COMMENT_FORMS, {
      description:
        '`tree` nests replies in the comment that they reply to; `flat` lists all comments ' +
        'in reading order, with `parent_id` and `depth`',
    }),
    'tree',
  ),
  ...listQuery(COMMENT_SORTS),
});
export type CommentTreeQuery = Static<typeof CommentTreeQuery>;

/** The query of the list of all comments. */
export const CommentListQuery = Type.Object({
  is_approved: Type.Optional(Type.Boolean({ description: 'Filter by approval' })),
  is_rejected: Type.Optional(
    Type.Boolean({
      description:
        'Filter by rejection. `is_approved=false&is_rejected=false` finds the pending comments.',
    }),
  ),
  post_id: Type.Optional(Id('Filter by the id of the post')),
  author: Type.Optional(
    StoredText({ maxLength: 50, description: 'Filter by the username of the author' }),
  ),
  ...listQuery(COMMENT_SORTS, '-created_at'),
});
export type CommentListQuery = Static<typeof CommentListQuery>;

export const CommentParams = Type.Object({ id: Id('The id of the comment') });

export const PostCommentParams = Type.Object({
  id: Id('The id of the post'),
  comment_id: Id('The id of the comment'),
});
