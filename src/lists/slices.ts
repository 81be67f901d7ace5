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
  after?: { key: string | number; id: number };
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
  const id = parameter(after.id);
  return slice.where(
    sort === 'id'
      ? sql<boolean>`${column} ${operator} ${id}`
      : sql<boolean>`(${column}, id) ${operator} (${parameter(after.key)}, ${id})`,
  );
}

/** PostgreSQL would read a number as the type of its column, and refuse one that is too large. */
function parameter(value: string | number): RawBuilder<unknown> {
  return typeof value === 'number' ? sql`${value}::bigint` : sql`${value}`;
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
  const { count } = await db
    .selectFrom(query.limit(sql.lit(most)).as('found'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
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
