import { randomUUID } from 'node:crypto';
import { systemContext } from '#src/access/context.js';
import { RENDERER_VERSION } from '#src/articles/lib/markdown.js';
import { indexedWords } from '#src/articles/lib/search-words.js';
import * as store from '#src/articles/stores/rendered-html.js';
import * as progress from '#src/articles/stores/rerendering.js';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { renderedComment } from './comment-changes.js';
import { renderedText, searchablePost } from './post-changes.js';
import { isHtmlTooLong } from './rendering.js';

/** Number of rows read at once. */
const BATCH = 20;

/** The result for one post or comment. */
export interface ReRendering {
  kind: 'post' | 'comment';
  id: number;
  /** `too_long`: the HTML would exceed its limit, so the former HTML stays. */
  outcome: 'changed' | 'unchanged' | 'skipped' | 'too_long';
}

/**
 * Re-renders all posts and comments, for content that was written under older rules: HTML, excerpts
 * and search vectors. Versions and timestamps stay, because the content is the same. Content that
 * takes too long is skipped, and so is content whose HTML would be too long. Can be interrupted, and can run beside the service: a concurrent edit
 * renders its own content.
 */
export async function* reRenderAll(db: Database): AsyncGenerator<ReRendering> {
  for await (const source of inBatches((after) => store.listPostSources(db, after, BATCH))) {
    yield {
      kind: 'post',
      id: source.id,
      outcome: skippedIfBusy(await outcomeOf(() => reRenderPost(db, source))),
    };
  }
  for await (const source of inBatches((after) => store.listCommentSources(db, after, BATCH))) {
    yield {
      kind: 'comment',
      id: source.id,
      outcome: skippedIfBusy(await outcomeOf(() => reRenderComment(db, source))),
    };
  }
}

/** The next texts of a kind after an id, each with what renders it again. */
type Batch = { id: number; work: () => Promise<boolean> }[];

const BATCHES: Record<progress.Kind, (db: Database, after: number) => Promise<Batch>> = {
  tag: async (db, after) =>
    (await progress.listTagNames(db, after, BATCH)).map((tag) => ({
      id: tag.id,
      work: () => progress.replaceSearchWords(db, tag, indexedWords(tag.name)),
    })),
  post: async (db, after) =>
    (await store.listPostSources(db, after, BATCH)).map((source) => ({
      id: source.id,
      work: () => reRenderPost(db, source),
    })),
  comment: async (db, after) =>
    (await store.listCommentSources(db, after, BATCH)).map((source) => ({
      id: source.id,
      work: () => reRenderComment(db, source),
    })),
};

/**
 * Re-renders what an older version of the renderer has stored: words of tags, then posts, then
 * comments. Goes on where it was interrupted. Content that cannot be rendered keeps its former HTML.
 * Stops if the threads have too much to do for others (`isBusy`).
 *
 * @param until timestamp of `performance.now` at which to stop
 */
export async function reRenderOutdated(db: Database, until: number) {
  const counts = { seen: 0, changed: 0, kept: 0 };
  let at = await progress.beginReRendering(db, RENDERER_VERSION);
  let isBusy = false;
  while (at !== null && !isBusy && performance.now() < until) {
    const { kind, after_id } = at;
    const batch = await BATCHES[kind](db, after_id);
    let last: number | null = null;
    for (const { id, work } of batch) {
      const outcome = await outcomeOf(work);
      isBusy = outcome === 'busy';
      if (isBusy) break;
      last = id;
      counts.seen += 1;
      if (outcome === 'changed') counts.changed += 1;
      else if (outcome !== 'unchanged') counts.kept += 1;
    }
    at = isBusy ? { kind, after_id: last ?? after_id } : nextOf(kind, last);
    await progress.saveProgress(db, RENDERER_VERSION, at);
  }
  // The content is the same, so no trigger announces that lists and searches show something else.
  if (counts.changed > 0) await notify(db, ARTICLE_CHANGES, randomUUID());
  return { ...counts, isBusy, isDone: at === null };
}

/** Where to go on after a batch. @param last its last id, or null if it was empty */
function nextOf(kind: progress.Kind, last: number | null): progress.Progress | null {
  if (last !== null) return { kind, after_id: last };
  const next = progress.KINDS[progress.KINDS.indexOf(kind) + 1];
  return next === undefined ? null : { kind: next, after_id: 0 };
}

type Outcome = ReRendering['outcome'] | 'busy';

async function outcomeOf(reRender: () => Promise<boolean>): Promise<Outcome> {
  try {
    return (await reRender()) ? 'changed' : 'unchanged';
  } catch (error) {
    // With a cause, it is the text itself that takes too long.
    if (error instanceof ApiError && error.code === 'too_busy')
      return error.cause === undefined ? 'busy' : 'skipped';
    if (isHtmlTooLong(error)) return 'too_long';
    throw error;
  }
}

function skippedIfBusy(outcome: Outcome): ReRendering['outcome'] {
  return outcome === 'busy' ? 'skipped' : outcome;
}

async function reRenderPost(db: Database, source: store.Source): Promise<boolean> {
  const { columns, words } = await renderedText(systemContext(db), source.content);
  return inTransaction({ db }, async ({ db: trx }) => {
    const post = await store.lockPostOf(trx, source);
    if (post === null) return false;
    const rendered = { ...columns, ...searchablePost(post, words) };
    return store.replaceRendered(trx, 'posts', source, rendered);
  });
}

async function reRenderComment(db: Database, source: store.Source): Promise<boolean> {
  const { content_html, search } = await renderedComment(systemContext(db), source.content);
  return store.replaceRendered(db, 'comments', source, { content_html, search });
}

async function* inBatches(
  list: (after: number) => Promise<store.Source[]>,
): AsyncGenerator<store.Source> {
  for (let after = 0; ; ) {
    const sources = await list(after);
    yield* sources;
    const last = sources.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
