import type { Page } from '#schemas/paging.js';
import {
  MAX_SEARCH_HITS,
  type SearchHit,
  type SearchQuery,
  type Suggestion,
  type SuggestQuery,
} from '#schemas/search.js';
import * as store from '#src/articles/stores/search.js';
import { suggest as findSuggestions } from '#src/articles/stores/suggestions.js';
import type { Reader } from '#src/articles/stores/visibility.js';
import { type CachedContext, ownRead, type Read } from '#src/cache/shared-reads.js';
import type { Database } from '#src/db/database.js';
import { nearestPage, readSearch, resultPage, type SearchContext } from '#src/lists/searches.js';
import { markedHtml, rangedText, snippetHtml } from '#src/search/highlight.js';
import { askedRuns, canonicalQuery } from '#src/search/search-queries.js';
import { readerOf } from './policy.js';

/**
 * Returns a page of the posts and comments that match the query and are visible to the viewer, with
 * a single statement.
 *
 * @throws ApiError too_busy if too many are searching
 */
export async function search(
  context: CachedContext & SearchContext,
  query: SearchQuery,
): Promise<Read<Page<SearchHit>>> {
  const { db, viewer, runSearch } = context;
  const { page, size, sort } = query;
  const q = canonicalQuery(query.q);
  const nearest = nearestPage(page, size, MAX_SEARCH_HITS);
  const load = (connection: Database, reader: Reader) =>
    findHits(connection, reader, { q, page: nearest, size, sort });
  const read =
    viewer === null
      ? await readSearch(context, ['search', q, nearest, size, sort], load)
      : ownRead(await runSearch(db, (connection) => load(connection, readerOf(viewer))));
  return nearest === page ? read : { ...read, value: { ...read.value, page } };
}

/**
 * Returns public titles, categories and tags that complete the typed text.
 *
 * @throws ApiError too_busy if too many are searching
 */
export function suggest(
  { db, runSearch }: SearchContext,
  { q, limit }: SuggestQuery,
): Promise<Suggestion[]> {
  return runSearch(db, (connection) => findSuggestions(connection, q, limit));
}

async function findHits(
  db: Database,
  reader: Reader,
  { q, page, size, sort }: SearchQuery,
): Promise<Page<SearchHit>> {
  const slice = { limit: size, offset: (page - 1) * size };
  const { total, rows } = await store.search(db, { q, sort, reader }, slice);
  const runs = askedRuns(q);
  const items = rows.map((row) => toHit(row, runs));
  return resultPage(items, total, { page, size });
}

function toHit({ title, passage, slug, ...row }: store.SearchRow, runs: string[]): SearchHit {
  const head = rangedText(title, runs);
  const part = rangedText(passage, runs);
  return {
    ...row,
    post: { id: row.post_id, title: title.text, slug },
    title_html: markedHtml(head.text, head.ranges),
    snippet_html: snippetHtml(part.text, part.ranges, passage),
  };
}
