import { systemContext } from '#src/access/context.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import type { ReRenderer, Source } from '#src/markdown/re-renderer.js';
import * as store from '#src/work/stores/rendered-html.js';
import { renderedTaskComment } from './task-comments.js';
import { renderedDescription } from './task-values.js';

/** Renders the descriptions of tasks, and indexes the tasks, again. */
export const taskReRenderer: ReRenderer = {
  channel: null,
  count: store.countTaskSources,
  list: store.listTaskSources,
  renew: reRenderTask,
};

async function reRenderTask(db: Database, source: Source): Promise<boolean> {
  const rendered = await renderedDescription(systemContext(db), source.content);
  return inTransaction({ db }, async ({ db: trx }) => {
    const summary = await store.lockSummaryOf(trx, source);
    if (summary === null) return false;
    return store.replaceTaskRendering(trx, source.id, summary, rendered);
  });
}

/** Renders and indexes the comments on tasks again. */
export const taskCommentReRenderer: ReRenderer = {
  channel: null,
  count: store.countTaskCommentSources,
  list: store.listTaskCommentSources,
  renew: reRenderTaskComment,
};

async function reRenderTaskComment(db: Database, source: Source): Promise<boolean> {
  const projectId = await store.findProjectOfComment(db, source.id);
  if (projectId === null) return false;
  const rendered = await renderedTaskComment(systemContext(db), projectId, source.content);
  return store.replaceTaskCommentRendering(db, source, rendered);
}
