import { type ListQuery, MAX_TOTAL, type Page } from '#schemas/paging.js';
import { InvalidRequest, valueError } from '#src/errors.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { Slice } from './slices.js';

export interface PageSource<Item extends { id: number }, Sort extends string> {
  /**
   * Called with a limit of one more than the page size, to find out whether there is a next page.
   */
  list(slice: Slice<Sort>): Promise<Item[]>;
  /** Counts the items. May stop at any number above `MAX_TOTAL`, see `countRows`. */
  count(): Promise<number>;
  /**
   * Maximum number of items that `count` counts and that pages by number reach; pages by cursor
   * reach all. Default: no limit.
   */
  most?: number;
  /** Returns the value that the item is sorted by. */
  sortKey(item: Item, sort: Sort): string | number;
  /**
   * Whether a cursor's key is valid for this sort order. Default: a number for `id`, otherwise a
   * timestamp.
   */
  isSortKey?(key: string | number, sort: Sort): boolean;
}

/** The query parameters for paging and sorting. */
export type PageRequest<Sort extends string> = Pick<ListQuery, 'page' | 'size'> & {
  cursor?: string | undefined;
  sort: Sort | `-${Sort}`;
};

/**
 * Reads a page with at most two statements: by page number, with a count; or by cursor, without
 * one. The last page by number has a cursor too, if `most` ends the list there. A list of more than
 * `MAX_TOTAL` items has no total.
 *
 * @throws InvalidRequest if the cursor is not one of this list in this sort order
 */
export async function readPage<Item extends { id: number }, Sort extends string>(
  request: PageRequest<Sort>,
  source: PageSource<Item, Sort>,
): Promise<Page<Item>> {
  const { page, size, cursor, sort } = request;
  const descending = sort.startsWith('-');
  const column = (descending ? sort.slice(1) : sort) as Sort;
  const slice = { sort: column, descending, limit: size + 1 };
  const numbered = cursor === undefined;
  const { most = Number.POSITIVE_INFINITY } = source;
  const offset = (page - 1) * size;
  const isKey = (key: string | number) => (source.isSortKey ?? isIdOrTimestamp)(key, column);
  const [rows, count] = numbered
    ? await Promise.all([offset < most ? source.list({ ...slice, offset }) : [], source.count()])
    : [await source.list({ ...slice, ...placeOf(cursor, sort, isKey) }), null];
  const total = count !== null && count <= MAX_TOTAL ? count : null;
  const items = rows.slice(0, numbered ? Math.min(size, most - offset) : size);
  const last = items.at(-1);
  const hasMore = rows.length > items.length;
  return {
    items,
    total,
    page: numbered ? page : null,
    size,
    pages: total === null ? null : Math.ceil(total / size),
    has_next: hasMore && (!numbered || offset + size < most),
    has_prev: numbered ? page > 1 : cursor !== '',
    next_cursor:
      hasMore && last !== undefined
        ? encodeCursor({ sort, key: source.sortKey(last, column), id: last.id })
        : null,
  };
}

function isIdOrTimestamp(key: string | number, sort: string): boolean {
  return sort === 'id' ? typeof key === 'number' : typeof key === 'string' && isTimestamp(key);
}

function placeOf(
  cursor: string,
  sort: string,
  isKey: (key: string | number) => boolean,
): Pick<Slice<string>, 'after'> {
  if (cursor === '') return {};
  const place = decodeCursor(cursor);
  if (place === null || place.sort !== sort || !isKey(place.key)) {
    throw new InvalidRequest([valueError('foreign_cursor', ['query', 'cursor'], cursor)]);
  }
  const { key, id } = place;
  return { after: { key, id, isNumber: typeof key === 'number' } };
}
