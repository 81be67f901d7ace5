import type { JobPayloads } from '#src/queue/job-payloads.js';
import { enqueue } from '#src/queue/store.js';
import type { Task } from '#src/queue/task.js';
import type { ReRenderers } from './re-renderer.js';
import { reRenderOutdated } from './re-rendering.js';

/** Milliseconds of one job, which must not keep others or the end of the process waiting. */
const DURATION = 15_000;

/**
 * Returns the job that re-renders and indexes what was stored by an older version of the renderer,
 * for a few seconds; if more is left, another job goes on, at once unless the service is busy.
 */
export function reRenderJob(reRenderers: ReRenderers): Task<JobPayloads['re_render']> {
  return async (_payload, { db, log }) => {
    const until = performance.now() + DURATION;
    const { isDone, isBusy, ...counts } = await reRenderOutdated(db, reRenderers, until);
    if (!isDone && !isBusy) await enqueue(db, 're_render', {}, { key: 're_render' });
    if (counts.seen > 0) log.info(counts, 're-rendered stored texts');
  };
}
