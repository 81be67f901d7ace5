import { type RawBuilder, sql } from 'kysely';

/** SQL condition: a text column equals the value case-insensitively, like the unique indexes. */
export function isIgnoringCase(column: string, value: string): RawBuilder<boolean> {
  return sql<boolean>`lower(${sql.ref(column)}) collate "C" = lower(${value})`;
}
