import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';

/** The part of a list that one page needs: one item more than it has, to see whether it goes on. */
export interface Slice<Sort extends string> {
  sort: Sort;
  descending: boolean;
  limit: number;
  offset?: number;
  /** Only what comes after this place. */
  after?: { key: string | number; id: number };
}

/** What a list is sorted by: a column that may repeat itself and then the id, or the id alone. */
export interface SliceColumns {
  id: RawBuilder<number>;
  key: RawBuilder<unknown> | null;
}

/** Puts a query in order and cuts the slice out of it. */
export function takeSlice<DB, Tables extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, Tables, Row>,
  { descending, limit, offset, after }: Slice<string>,
  { id, key }: SliceColumns,
): SelectQueryBuilder<DB, Tables, Row> {
  const direction = descending ? 'desc' : 'asc';
  const operator = sql.raw(descending ? '<' : '>');
  let slice = key === null ? query : query.orderBy(key, direction);
  slice = slice.orderBy(id, direction).limit(sql.lit(limit));
  if (offset !== undefined) slice = slice.offset(offset);
  if (after === undefined) return slice;
  return slice.where(
    key === null
      ? sql<boolean>`${id} ${operator} ${after.id}`
      : sql<boolean>`(${key}, ${id}) ${operator} (${after.key}, ${after.id})`,
  );
}
