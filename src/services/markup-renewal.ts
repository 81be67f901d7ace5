import type { Database } from '../db/database.js';
import * as store from '../stores/markup.js';
import { writtenComment } from './comment-changes.js';
import { renderedText, searchablePost } from './post-changes.js';

/** How many are read at once. */
const BATCH = 20;

/** What was looked at, and whether something else is made of it now. */
export interface Renewal {
  kind: 'post' | 'comment';
  id: number;
  isChanged: boolean;
}

/**
 * Makes the HTML, the excerpts and the search words of all posts and comments anew, for what was
 * written under other rules. What comes out as it was is left as it is; of the rest the version
 * grows, and nothing else. Bears to be broken off, and to run beside the service.
 */
export async function* renewMarkup(db: Database): AsyncGenerator<Renewal> {
  for await (const post of inBatches((after) => store.listPostMarkup(db, after, BATCH))) {
    const text = await renderedText(post.content);
    const isChanged =
      differs(post, text) &&
      (await store.replacePostMarkup(db, post, {
        ...text,
        ...searchablePost({ ...post, ...text }),
      }));
    yield { kind: 'post', id: post.id, isChanged };
  }
  for await (const comment of inBatches((after) => store.listCommentMarkup(db, after, BATCH))) {
    const text = await writtenComment(comment.content);
    const isChanged =
      comment.content_html !== text.content_html &&
      (await store.replaceCommentMarkup(db, comment, text));
    yield { kind: 'comment', id: comment.id, isChanged };
  }
}

async function* inBatches<Row extends { id: number }>(
  list: (after: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  for (let after = 0; ; ) {
    const rows = await list(after);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

function differs<T extends object>(before: T, after: Partial<T>): boolean {
  return (Object.keys(after) as (keyof T)[]).some((field) => before[field] !== after[field]);
}
