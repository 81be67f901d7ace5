import { systemContext } from '#src/access/context.js';
import type { Database } from '#src/db/database.js';
import type { ReRenderer, Source } from '#src/markdown/re-renderer.js';
import * as store from '#src/work/stores/rendered-html.js';
import { renderedTaskComment } from './task-comments.js';
import { renderedDescription } from './task-values.js';

/** Renders the descriptions of tasks again. */
export const taskReRenderer: ReRenderer = {
  channel: null,
  count: store.countTaskSources,
  list: store.listTaskSources,
  renew: reRenderTask,
};

async function reRenderTask(db: Database, source: Source): Promise<boolean> {
  return store.replaceDescriptionHtml(
    db,
    source,
    await renderedDescription(systemContext(db), source.content),
  );
}

/** Renders the comments on tasks again. */
export const taskCommentReRenderer: ReRenderer = {
  channel: null,
  count: store.countTaskCommentSources,
  list: store.listTaskCommentSources,
  renew: reRenderTaskComment,
};

async function reRenderTaskComment(db: Database, source: Source): Promise<boolean> {
  return store.replaceTaskCommentHtml(
    db,
    source,
    await renderedTaskComment(systemContext(db), source.content),
  );
}
