import type pg from 'pg';
import { fold, foldEmail } from '#src/lib/fold.js';

/** Number of rows per statement. */
const BATCH = 1000;

/** Maximum number of conflicts per column, and of rows per conflict, in the error. */
const SHOWN_CONFLICTS = 20;
const SHOWN_ROWS = 10;

interface NamedTable {
  table: string;
  columns: readonly { name: string; fold: (text: string) => string; isUnique: boolean }[];
}

const TABLES: readonly NamedTable[] = [
  {
    table: 'users',
    columns: [
      { name: 'username', fold, isUnique: true },
      { name: 'email', fold: foldEmail, isUnique: true },
    ],
  },
  {
    table: 'registrations',
    columns: [
      { name: 'username', fold, isUnique: true },
      { name: 'email', fold: foldEmail, isUnique: false },
    ],
  },
  { table: 'categories', columns: [{ name: 'name', fold, isUnique: true }] },
  { table: 'tags', columns: [{ name: 'name', fold, isUnique: true }] },
];

/**
 * Writes the folded names of all rows into temporary tables, `folded_users` and so on, with the
 * columns `id` and those of the table.
 *
 * @throws Error if rows would have the same name, with their ids and names
 */
export async function foldNames(client: pg.ClientBase): Promise<void> {
  // The strongest lock at once, because the migration needs it later: raising it could deadlock.
  const names = TABLES.map(({ table }) => table);
  await client.query(`lock table ${names.join(', ')} in access exclusive mode`);
  for (const table of TABLES) await foldTable(client, table);
  const conflicts: string[] = [];
  for (const { table, columns } of TABLES) {
    for (const { name, isUnique } of columns) {
      if (isUnique) conflicts.push(...(await findConflicts(client, table, name)));
    }
  }
  if (conflicts.length === 0) return;
  throw new Error(
    [
      'these names are the same if case and Unicode normalization are ignored, and must be unique.',
      ...conflicts.map((conflict) => `  ${conflict}`),
      'Nothing was changed. Rename or delete all rows but one of each line with the previous ' +
        'version, then apply the migration again.',
    ].join('\n'),
  );
}

/** Writes the folded nicknames of all users into the temporary table `folded_nicknames`. */
export async function foldNicknames(client: pg.ClientBase): Promise<void> {
  await client.query('lock table users in access exclusive mode');
  const columns = [{ name: 'nickname', fold, isUnique: false }];
  await foldTable(client, { table: 'users', columns }, 'folded_nicknames');
}

/** @param target the temporary table */
async function foldTable(
  client: pg.ClientBase,
  { table, columns }: NamedTable,
  target = `folded_${table}`,
): Promise<void> {
  const names = columns.map(({ name }) => name);
  await client.query(
    `create temporary table ${target} (
       id integer primary key, ${names.map((name) => `${name} text collate "C"`).join(', ')}
     ) on commit drop`,
  );
  const parameters = columns.map((_, index) => `$${index + 2}::text[]`).join(', ');
  for (let after = 0; ; ) {
    const { rows } = await client.query<{ id: number } & Record<string, string | null>>(
      `select id, ${names.join(', ')} from ${table} where id > $1 order by id limit ${BATCH}`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    const folded = columns.map(({ name, fold: foldColumn }) =>
      rows.map((row) => (row[name] == null ? null : foldColumn(row[name]))),
    );
    await client.query(`insert into ${target} select * from unnest($1::integer[], ${parameters})`, [
      rows.map(({ id }) => id),
      ...folded,
    ]);
    after = last.id;
  }
  await client.query(`analyze ${target}`);
}

/** Returns a line for each group of rows with the same folded name. */
async function findConflicts(
  client: pg.ClientBase,
  table: string,
  column: string,
): Promise<string[]> {
  const { rows } = await client.query<{ ids: number[]; names: string[]; n: number; total: number }>(
    `select (array_agg(id order by id))[:${SHOWN_ROWS}] as ids,
            (array_agg(${table}.${column} order by id))[:${SHOWN_ROWS}] as names,
            count(*)::integer as n, (count(*) over ())::integer as total
     from ${table} join folded_${table} as folded using (id)
     where folded.${column} is not null
     group by folded.${column} having count(*) > 1
     order by min(id) limit ${SHOWN_CONFLICTS}`,
  );
  const lines = rows.map(({ ids, names, n }) => {
    const shown = ids.map((id, index) => `id ${id} ${quoted(names[index] ?? '')}`);
    const rest = n > ids.length ? [`and ${n - ids.length} more`] : [];
    return `${table}.${column}: ${[...shown, ...rest].join(', ')}`;
  });
  const total = rows[0]?.total ?? 0;
  if (total > rows.length) lines.push(`${table}.${column}: and ${total - rows.length} more`);
  return lines;
}

/**
 * Quotes a name as in JSON, and with escapes if it is not plain ASCII: spellings that differ only in
 * their code points look alike, and a terminal must not interpret any of them.
 */
function quoted(name: string): string {
  const escaped = JSON.stringify(name).replaceAll(
    /[^ -~]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
  const isPrintable = !/[\p{C}\p{Zl}\p{Zp}]/u.test(name);
  return escaped === JSON.stringify(name) || !isPrintable
    ? escaped
    : `${JSON.stringify(name)} (${escaped})`;
}
