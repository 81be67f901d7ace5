import { type RawBuilder, sql } from 'kysely';

/** That a text column is this value without regard to case, as the unique indexes compare. */
export function isIgnoringCase(column: string, value: string): RawBuilder<boolean> {
  return sql<boolean>`lower(${sql.ref(column)}) collate "C" = lower(${value})`;
}
