import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf, truncated } from './paging.js';
import { Author, VISIBLE_PATTERN } from './posts.js';
import { ProjectTaskParams } from './project-tasks.js';
import { htmlLimit, MAX_COMMENT_HTML } from './rendered-html.js';
import { Component, Id, Nullable, Ref, Timestamp } from './types.js';

/** The columns that a list of comments on a task can be sorted by. */
export const TASK_COMMENT_SORTS = ['created_at'] as const;
export type TaskCommentSort = (typeof TASK_COMMENT_SORTS)[number];

/** The maximum length of the Markdown source of a comment on a task, in code points. */
export const MAX_TASK_COMMENT_LENGTH = 10_000;

/** The maximum number of comments on a task. */
export const MAX_COMMENTS_PER_TASK = 2000;

/** The maximum number of members whom a comment mentions. */
export const MAX_MENTIONS = 50;

const content = Type.String({
  minLength: 1,
  maxLength: MAX_TASK_COMMENT_LENGTH,
  pattern: VISIBLE_PATTERN,
  description:
    'The Markdown source. `@username` outside of code mentions a member. ' +
    htmlLimit(MAX_COMMENT_HTML),
  examples: ['@bob The *second* one is better.'],
});

const example = {
  id: 1,
  author: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  content: '@bob The *second* one is better.',
  content_html: '<p>@bob The <em>second</em> one is better.</p>\n',
  mentions: [2],
  created_at: '2026-01-31T09:30:00.000Z',
  updated_at: '2026-01-31T09:30:00.000Z',
};

export const TaskComment = Component(
  'TaskComment',
  Type.Object(
    {
      id: Id('The id of the comment'),
      author: Nullable(Ref(Author), { description: 'The author; null if the user was deleted' }),
      content: Type.String({ description: 'The Markdown source' }),
      content_html: Type.String({
        description: 'The rendered HTML, sanitized and safe to embed in a page',
      }),
      mentions: Type.Array(Type.Integer(), {
        description:
          'The ids of the mentioned users, who were members when the text was written, at most ' +
          `${MAX_MENTIONS}`,
      }),
      is_truncated: truncated('`content` and `content_html`'),
      created_at: Timestamp('When the comment was created'),
      updated_at: Timestamp('When the text was last changed'),
    },
    { description: 'A comment on a task of a project', examples: [example] },
  ),
);
export type TaskComment = Static<typeof TaskComment>;

export const TaskCommentPage = pageOf(
  'TaskCommentPage',
  Ref(TaskComment),
  'comments on a task',
  example,
);

export const TaskCommentCreate = Component(
  'TaskCommentCreate',
  Type.Object(
    { content },
    {
      description: 'The comment to create',
      examples: [{ content: '@bob The *second* one is better.' }],
    },
  ),
);
export type TaskCommentCreate = Static<typeof TaskCommentCreate>;

export const TaskCommentUpdate = Component(
  'TaskCommentUpdate',
  Type.Object(
    { content },
    { description: 'The new text of the comment', examples: [{ content: 'The first one.' }] },
  ),
);
export type TaskCommentUpdate = Static<typeof TaskCommentUpdate>;

export const TaskCommentListQuery = Type.Object(listQuery(TASK_COMMENT_SORTS));
export type TaskCommentListQuery = Static<typeof TaskCommentListQuery>;

export const TaskCommentParams = Type.Object({
  ...ProjectTaskParams.properties,
  comment_id: Id('The id of the comment'),
});
export type TaskCommentParams = Static<typeof TaskCommentParams>;
