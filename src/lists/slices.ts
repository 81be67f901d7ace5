import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { MAX_COUNTED, MAX_TOTAL } from '#schemas/paging.js';
import type { Database } from '#src/db/database.js';

/** A part of a sorted list: by offset, or after a cursor. */
export interface Slice<Sort extends string> {
  sort: Sort;
  descending: boolean;
  limit: number;
  offset?: number;
  /** Only rows after this position. */
  after?: Place;
}

/** The position of a row. */
export interface Place {
  key: string | number;
  id: number;
  /** Whether the key is a number. */
  isNumber: boolean;
}

/**
 * Limits the query to the slice, sorted by `column`, then by `id`.
 *
 * @param column SQL of the slice's `sort` in this query
 */
export function cut<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  { sort, descending, limit, offset, after }: Slice<string>,
  column: RawBuilder<unknown> = sql.ref(sort),
): SelectQueryBuilder<DB, TB, Row> {
  const direction = descending ? 'desc' : 'asc';
  let slice = query.orderBy(column, direction).limit(sql.lit(limit));
  if (sort !== 'id') slice = slice.orderBy(sql.ref('id'), direction);
  if (offset !== undefined) slice = slice.offset(offset);
  if (after === undefined) return slice;
  const operator = sql.raw(descending ? '<' : '>');
  // PostgreSQL would read a number as the type of its column, and refuse one that is too large.
  const id = sql`${after.id}::bigint`;
  const key = after.isNumber ? sql`${after.key}::bigint` : sql`${after.key}`;
  return slice.where(
    sort === 'id'
      ? sql<boolean>`${column} ${operator} ${id}`
      : sql<boolean>`(${column}, id) ${operator} (${key}, ${id})`,
  );
}

/** Everything about a slice that its statement depends on, apart from values. */
export type SliceShape = {
  sort: string;
  descending: boolean;
  limit: number;
  start: 'first' | 'offset' | 'text' | 'number';
};

/** The values of a slice; those that it does not have are not used. */
export type SliceValues = { offset: number; key: string | number; id: number };

export function sliceShape({ sort, descending, limit, offset, after }: Slice<string>): SliceShape {
  const from = offset === undefined ? 'first' : 'offset';
  const start = after === undefined ? from : after.isNumber ? 'number' : 'text';
  return { sort, descending, limit, start };
}

export function sliceValues({ offset = 0, after }: Slice<string>): SliceValues {
  return { offset, key: after?.key ?? '', id: after?.id ?? 0 };
}

/** Returns the slice of a shape with these values, which may be placeholders of a statement. */
export function sliceOf<Sort extends string>(
  { sort, descending, limit, start }: SliceShape,
  { offset, key, id }: SliceValues,
): Slice<Sort> {
  const slice = { sort: sort as Sort, descending, limit };
  if (start === 'first') return slice;
  if (start === 'offset') return { ...slice, offset };
  return { ...slice, after: { key, id, isNumber: start === 'number' } };
}

/** Rows that a page may skip and still be a lookup. */
const MAX_SKIPPED = 1000;

/** Whether reading the slice from an index takes so little that others may wait for it. */
export function isQuick({ offset = 0 }: Slice<string>): boolean {
  return offset <= MAX_SKIPPED;
}

/**
 * Counts the rows of a query, at most `most` of them, so that the cost is bounded.
 *
 * @param query must be sorted like an index wherever PostgreSQL might scan the whole table
 */
export async function countRows<DB, TB extends keyof DB, Row>(
  db: Database,
  query: SelectQueryBuilder<DB, TB, Row>,
  most = MAX_TOTAL + 1,
): Promise<number> {
  const { count } = await countQuery(db, query, most).executeTakeFirstOrThrow();
  return count;
}

/** Returns the statement of {@link countRows}. */
export function countQuery<DB, TB extends keyof DB, Row>(
  db: Database,
  query: SelectQueryBuilder<DB, TB, Row>,
  most = MAX_TOTAL + 1,
) {
  return db
    .selectFrom(query.limit(sql.lit(most)).as('found'))
    .select(({ fn }) => fn.countAll<number>().as('count'));
}

/**
 * Returns the slice with more rows after it and without an offset, for the inner query of a search.
 * With a small limit, PostgreSQL would scan rows in sort order until enough of them match, possibly
 * all of them.
 */
export function widened<Sort extends string>(slice: Slice<Sort>): Slice<Sort> {
  const { limit, offset = 0 } = slice;
  return { ...slice, limit: offset + limit + MAX_COUNTED, offset: 0 };
}
