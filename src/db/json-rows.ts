import { type RawBuilder, sql } from 'kysely';
import { tables } from './tables.js';

type Tables = typeof tables;

/** Types that arrive as JSON and are converted by the statement. */
const JSON_TYPES = new Set(['text[]', 'jsonb']);

/**
 * Returns SQL that inserts the rows of a JSON array, in their order. They travel as one parameter, so
 * the statement is the same for any number of rows.
 *
 * @param columns all columns that are written; a row without one of them writes null
 * @param rows a JSON array of objects with the names of columns, or a placeholder for it
 */
export function insertJsonRows<T extends keyof Tables>(
  table: T,
  columns: readonly (keyof Tables[T] & string)[],
  rows: string,
): RawBuilder<unknown> {
  const types = Object.entries<{ type: string }>(tables[table]).filter(([name]) =>
    columns.includes(name as keyof Tables[T] & string),
  );
  const names = sql.join(types.map(([name]) => sql.ref(name)));
  const values = sql.join(types.map(([name, { type }]) => fromJson(name, type)));
  const definitions = sql.join(
    types.map(([name, { type }]) => {
      return sql`${sql.ref(name)} ${sql.raw(JSON_TYPES.has(type) ? 'jsonb' : type)}`;
    }),
  );
  return sql`
    insert into ${sql.raw(table)} (${names})
    select ${values}
    from rows from (jsonb_to_recordset(${rows}::jsonb) as (${definitions}))
      with ordinality as t (${names}, n)
    order by n`;
}

function fromJson(name: string, type: string): RawBuilder<unknown> {
  const column = sql.ref(name);
  if (type !== 'text[]') return column;
  return sql`case when ${column} is not null
    then array(select jsonb_array_elements_text(${column})) end`;
}
