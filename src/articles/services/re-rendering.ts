import * as store from '#src/articles/stores/rendered-html.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError } from '#src/errors.js';
import { writtenComment } from './comment-changes.js';
import { renderedText, searchablePost } from './post-changes.js';

/** How many are read at once. */
const BATCH = 20;

/** What was looked at, and what has become of it. */
export interface ReRendering {
  kind: 'post' | 'comment';
  id: number;
  outcome: 'changed' | 'unchanged' | 'skipped';
}

type Renew = (db: Database, source: store.Source) => Promise<boolean>;

/**
 * Makes the HTML, the excerpts and the search words of all posts and comments anew, for what was
 * written under other rules. Versions and times stay, as nobody has changed anything. What takes too
 * long is skipped. Bears to be broken off, and to run beside the service: what is written meanwhile
 * is rendered by whoever writes it.
 */
export async function* reRenderAll(db: Database): AsyncGenerator<ReRendering> {
  for await (const source of inBatches((after) => store.listPostSources(db, after, BATCH))) {
    yield { kind: 'post', id: source.id, outcome: await outcomeOf(db, source, renewPost) };
  }
  for await (const source of inBatches((after) => store.listCommentSources(db, after, BATCH))) {
    yield { kind: 'comment', id: source.id, outcome: await outcomeOf(db, source, renewComment) };
  }
}

async function outcomeOf(
  db: Database,
  source: store.Source,
  renew: Renew,
): Promise<ReRendering['outcome']> {
  try {
    return (await renew(db, source)) ? 'changed' : 'unchanged';
  } catch (error) {
    if (error instanceof ApiError && error.code === 'too_busy') return 'skipped';
    throw error;
  }
}

async function renewPost(db: Database, source: store.Source): Promise<boolean> {
  const text = await renderedText(source.content);
  return inTransaction({ db }, async ({ db: trx }) => {
    const post = await store.lockPostOf(trx, source);
    if (post === null) return false;
    const made = { ...text, ...searchablePost({ ...post, ...text }) };
    return store.replaceRendered(trx, 'posts', source, made);
  });
}

async function renewComment(db: Database, source: store.Source): Promise<boolean> {
  const { content_html, search } = await writtenComment(source.content);
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
