import {
  commentReRenderer,
  postReRenderer,
  tagReindexer,
} from '#src/articles/services/re-renderers.js';
import type { ReRenderers } from '#src/markdown/re-renderer.js';
import { taskCommentReRenderer, taskReRenderer } from '#src/work/services/re-renderers.js';

/** What renders and indexes the stored texts of every kind again. */
export const reRenderers: ReRenderers = {
  tag: tagReindexer,
  post: postReRenderer,
  comment: commentReRenderer,
  task: taskReRenderer,
  task_comment: taskCommentReRenderer,
};
