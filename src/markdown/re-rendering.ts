import { randomUUID } from 'node:crypto';
import { notify } from '#src/db/channels.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { RENDERER_VERSION } from './markdown.js';
import {
  INDEXED_KINDS,
  type IndexedKind,
  type ReRenderer,
  type ReRenderers,
  type Source,
} from './re-renderer.js';
import { isHtmlTooLong } from './rendering.js';
import * as store from './store.js';

/** Number of rows read at once. */
const BATCH = 20;

/** The result for one text. */
export interface ReRendering {
  id: number;
  /** `too_long`: the HTML would exceed its limit, so the former HTML stays. */
  outcome: 'changed' | 'unchanged' | 'skipped' | 'too_long';
}

/**
 * Re-renders all texts of a kind, for content that was written under older rules: HTML, excerpts
 * and search vectors. Versions and timestamps stay, because the content is the same. Content that
 * takes too long is skipped, and so is content whose HTML would be too long. Can be interrupted,
 * and can run beside the service: a concurrent edit renders its own content.
 */
export async function* reRenderAll(
  db: Database,
  reRenderer: ReRenderer,
): AsyncGenerator<ReRendering> {
  for await (const source of inBatches((after) => reRenderer.list(db, after, BATCH))) {
    const outcome = await outcomeOf(() => reRenderer.renew(db, source));
    yield { id: source.id, outcome: outcome === 'busy' ? 'skipped' : outcome };
  }
}

/**
 * Re-renders what an older version of the renderer has stored, kind by kind. Goes on where it was
 * interrupted. Content that cannot be rendered keeps its former HTML. Stops if the threads have too
 * much to do for others (`isBusy`).
 *
 * @param until timestamp of `performance.now` at which to stop
 */
export async function reRenderOutdated(db: Database, reRenderers: ReRenderers, until: number) {
  const counts = { seen: 0, changed: 0, kept: 0 };
  const channels = new Set<string>();
  let at = await store.beginReRendering(db, RENDERER_VERSION);
  let isBusy = false;
  while (at !== null && !isBusy && performance.now() < until) {
    const { kind, after_id } = at;
    const reRenderer = reRenderers[kind];
    let last: number | null = null;
    for (const source of await reRenderer.list(db, after_id, BATCH)) {
      const outcome = await outcomeOf(() => reRenderer.renew(db, source));
      isBusy = outcome === 'busy';
      if (isBusy) break;
      last = source.id;
      counts.seen += 1;
      if (outcome === 'changed') {
        counts.changed += 1;
        if (reRenderer.channel !== null) channels.add(reRenderer.channel);
      } else if (outcome !== 'unchanged') counts.kept += 1;
    }
    at = isBusy ? { kind, after_id: last ?? after_id } : nextOf(kind, last);
    await store.saveProgress(db, RENDERER_VERSION, at);
  }
  // Triggers do not watch the words with which texts are indexed, but searches find others.
  for (const channel of channels) await notify(db, channel, randomUUID());
  return { ...counts, isBusy, isDone: at === null };
}

/** Where to go on after a batch. @param last its last id, or null if it was empty */
function nextOf(kind: IndexedKind, last: number | null): store.Progress | null {
  if (last !== null) return { kind, after_id: last };
  const next = INDEXED_KINDS[INDEXED_KINDS.indexOf(kind) + 1];
  return next === undefined ? null : { kind: next, after_id: 0 };
}

type Outcome = ReRendering['outcome'] | 'busy';

async function outcomeOf(renew: () => Promise<boolean>): Promise<Outcome> {
  try {
    return (await renew()) ? 'changed' : 'unchanged';
  } catch (error) {
    // With a cause, it is the text itself that takes too long.
    if (error instanceof ApiError && error.code === 'too_busy')
      return error.cause === undefined ? 'busy' : 'skipped';
    if (isHtmlTooLong(error)) return 'too_long';
    throw error;
  }
}

async function* inBatches(list: (after: number) => Promise<Source[]>): AsyncGenerator<Source> {
  for (let after = 0; ; ) {
    const sources = await list(after);
    yield* sources;
    const last = sources.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
