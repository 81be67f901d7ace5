import type { Page } from '#schemas/paging.js';
import type { SearchHit, SearchQuery, Suggestion, SuggestQuery } from '#schemas/search.js';
import type { Context } from '#src/access/context.js';
import { findRanges, markedHtml, snippetHtml } from '#src/articles/lib/highlight.js';
import { askedRuns } from '#src/articles/lib/search-queries.js';
import * as store from '#src/articles/stores/search.js';
import { suggest as findSuggestions } from '#src/articles/stores/suggestions.js';
import { readerOf } from './policy.js';

/**
 * Returns a page of the posts and comments that match the query and are visible to the viewer, with
 * a single statement.
 */
export async function search(
  { db, viewer }: Context,
  { q, page, size, sort }: SearchQuery,
): Promise<Page<SearchHit>> {
  const slice = { limit: size, offset: (page - 1) * size };
  const { total, rows } = await store.search(db, { q, sort, reader: readerOf(viewer) }, slice);
  const runs = askedRuns(q);
  return {
    items: rows.map((row) => toHit(row, runs)),
    total,
    page,
    size,
    pages: Math.ceil(total / size),
    has_next: page * size < total,
    has_prev: page > 1,
    next_cursor: null,
  };
}

/** Returns public titles, categories and tags that complete the typed text. */
export function suggest({ db }: Context, { q, limit }: SuggestQuery): Promise<Suggestion[]> {
  return findSuggestions(db, q, limit);
}

function toHit(
  { title, marked_title, text, marked_text, slug, ...row }: store.SearchRow,
  runs: string[],
): SearchHit {
  return {
    ...row,
    post: { id: row.post_id, title, slug },
    title_html: markedHtml(title, findRanges(title, marked_title, runs)),
    snippet_html: snippetHtml(text, findRanges(text, marked_text, runs)),
  };
}
