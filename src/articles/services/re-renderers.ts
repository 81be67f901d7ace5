import { systemContext } from '#src/access/context.js';
import * as store from '#src/articles/stores/rendered-html.js';
import * as tags from '#src/articles/stores/tag-vectors.js';
import { ARTICLE_CHANGES } from '#src/db/channels.js';
import type { Database } from '#src/db/database.js';
import { inTransaction } from '#src/db/transaction.js';
import type { Reindexer, ReRenderer, Source } from '#src/markdown/re-renderer.js';
import { indexedWords } from '#src/search/search-words.js';
import { renderedComment } from './comment-changes.js';
import { renderedText, searchablePost } from './post-changes.js';

/** Renews the words of tags, with which posts are indexed. */
export const tagReindexer: Reindexer = {
  channel: ARTICLE_CHANGES,
  list: tags.listTagNames,
  renew: (db, tag) => tags.replaceSearchWords(db, tag, indexedWords(tag.content)),
};

export const postReRenderer: ReRenderer = {
  channel: ARTICLE_CHANGES,
  count: store.countPostSources,
  list: store.listPostSources,
  renew: reRenderPost,
};

export const commentReRenderer: ReRenderer = {
  channel: ARTICLE_CHANGES,
  count: store.countCommentSources,
  list: store.listCommentSources,
  renew: reRenderComment,
};

async function reRenderPost(db: Database, source: Source): Promise<boolean> {
  const { columns, words } = await renderedText(systemContext(db), source.content);
  return inTransaction({ db }, async ({ db: trx }) => {
    const post = await store.lockPostOf(trx, source);
    if (post === null) return false;
    const rendered = { ...columns, ...searchablePost(post, words) };
    return store.replaceRendered(trx, 'posts', source, rendered);
  });
}

async function reRenderComment(db: Database, source: Source): Promise<boolean> {
  const { content_html, search } = await renderedComment(systemContext(db), source.content);
  return store.replaceRendered(db, 'comments', source, { content_html, search });
}
