import type { ListQuery, Page } from '#schemas/paging.js';
import { InvalidRequest, valueError } from '#src/errors.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { Slice } from './slices.js';

export interface PageSource<Item extends { id: number }, Sort extends string> {
  /** Asked for one item more than the page has, to see whether it goes on. */
  list(slice: Slice<Sort>): Promise<Item[]>;
  count(): Promise<number>;
  /** The value of the item that the list is sorted by. */
  sortKey(item: Item, sort: Sort): string | number;
  /** Whether a list in this order could have such a sort key; ids and moments, if left out. */
  isSortKey?(key: string | number, sort: Sort): boolean;
}

/** The part of a list's query that says where and in which order. */
export type PageRequest<Sort extends string> = Pick<ListQuery, 'page' | 'size'> & {
  cursor?: string | undefined;
  sort: Sort | `-${Sort}`;
};

/**
 * Reads one page in two statements at most: by number, with a count; or by cursor, without one.
 *
 * @throws InvalidRequest if the cursor is not one that this list in this order has handed out
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
  const isKey = (key: string | number) => (source.isSortKey ?? isIdOrTimestamp)(key, column);
  const [rows, total] = numbered
    ? await Promise.all([source.list({ ...slice, offset: (page - 1) * size }), source.count()])
    : [await source.list({ ...slice, ...placeOf(cursor, sort, isKey) }), null];
  const items = rows.slice(0, size);
  const last = items.at(-1);
  const hasNext = rows.length > size;
  return {
    items,
    total,
    page: numbered ? page : null,
    size,
    pages: total === null ? null : Math.ceil(total / size),
    has_next: hasNext,
    has_prev: numbered ? page > 1 : cursor !== '',
    next_cursor:
      hasNext && last !== undefined
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
): { after?: { key: string | number; id: number } } {
  if (cursor === '') return {};
  const place = decodeCursor(cursor);
  if (place === null || place.sort !== sort || !isKey(place.key)) {
    throw new InvalidRequest([valueError('foreign_cursor', ['query', 'cursor'], cursor)]);
  }
  return { after: { key: place.key, id: place.id } };
}
