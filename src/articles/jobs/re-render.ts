import { reRenderOutdated } from '#src/articles/services/re-rendering.js';
import type { JobPayloads } from '#src/queue/job-payloads.js';
import { enqueue } from '#src/queue/store.js';
import type { Task } from '#src/queue/task.js';

/** Milliseconds of one job, which must not keep others or the end of the process waiting. */
const DURATION = 15_000;

/**
 * Re-renders and indexes what was stored by an older version of the renderer, for a few seconds; if
 * more is left, another job goes on, at once unless the service is busy.
 */
export const reRenderTexts: Task<JobPayloads['re_render']> = async (_payload, { db, log }) => {
  const { isDone, isBusy, ...counts } = await reRenderOutdated(db, performance.now() + DURATION);
  if (!isDone && !isBusy) await enqueue(db, 're_render', {}, { key: 're_render' });
  if (counts.seen > 0) log.info(counts, 're-rendered stored texts');
};
