import { systemContext } from '#src/access/context.js';
import * as store from '#src/articles/stores/rendered-html.js';
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

type ReRender = (db: Database, source: store.Source) => Promise<boolean>;

/**
 * Re-renders all posts and comments, for content that was written under older rules: HTML, excerpts
 * and search vectors. Versions and timestamps stay, because the content is the same. Content that
 * takes too long is skipped, and so is content whose HTML would be too long. Can be interrupted, and can run beside the service: a concurrent edit
 * renders its own content.
 */
export async function* reRenderAll(db: Database): AsyncGenerator<ReRendering> {
  for await (const source of inBatches((after) => store.listPostSources(db, after, BATCH))) {
    yield { kind: 'post', id: source.id, outcome: await outcomeOf(db, source, reRenderPost) };
  }
  for await (const source of inBatches((after) => store.listCommentSources(db, after, BATCH))) {
    yield { kind: 'comment', id: source.id, outcome: await outcomeOf(db, source, reRenderComment) };
  }
}

async function outcomeOf(
  db: Database,
  source: store.Source,
  reRender: ReRender,
): Promise<ReRendering['outcome']> {
  try {
    return (await reRender(db, source)) ? 'changed' : 'unchanged';
  } catch (error) {
    if (error instanceof ApiError && error.code === 'too_busy') return 'skipped';
    if (isHtmlTooLong(error)) return 'too_long';
    throw error;
  }
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
