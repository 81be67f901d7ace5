import t from 'tap';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { tables } from '#src/db/tables.js';
import { fold, foldEmail } from '#src/lib/fold.js';
import { createTestDatabase } from '#test/support/database.js';
import { query } from './embedded/support.js';

const url = await createTestDatabase(t);

t.test('matches the migrated database', async (t) => {
  const rows = await query(
    url,
    `select relname as table_name, attname as name, format_type(atttypid, atttypmod) as type,
            not attnotnull as nullable,
            atthasdef or attidentity <> '' or attgenerated <> '' as "hasDefault"
     from pg_attribute join pg_class on pg_class.oid = attrelid
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
       and attnum > 0 and not attisdropped`,
  );
  const found: Record<string, Record<string, unknown>> = {};
  for (const { table_name, name, ...column } of rows) {
    found[String(table_name)] = { ...found[String(table_name)], [String(name)]: column };
  }
  t.strictSame(found, tables);
});

t.test('names every unique index after the field of the duplicate error', async (t) => {
  const indexes = await query(
    url,
    `select relname as table_name, indexrelid::regclass::text as name,
            pg_get_indexdef(indexrelid) as definition
     from pg_index join pg_class on pg_class.oid = indrelid
     where relnamespace = 'public'::regnamespace and indisunique and not indisprimary`,
  );
  t.ok(indexes.length >= 2);
  for (const { table_name, name, definition } of indexes) {
    const columns = Object.keys(tables[table_name as keyof typeof tables]);
    const field = columns.find((column) => name === `${table_name}_${column}_key`);
    t.ok(field, `${name} names a field`);
    const [, expressions = ''] = String(definition).split(' USING ');
    const pattern = new RegExp(`\\b${field}(_folded)?\\b`);
    t.match(expressions, pattern, `${name} is an index on that field`);
  }
});

t.test('reports a duplicate by the name of its field', async (t) => {
  const insert = (username: string, email: string) =>
    query(
      url,
      `insert into users (username, username_folded, email, email_folded)
       values ('${username}', '${fold(username)}', '${email}', '${foldEmail(email)}')`,
    ).then(
      () => 'accepted',
      (error: unknown) => toPostgresFailure(error),
    );
  t.equal(await insert('ann', 'ann@example.com'), 'accepted');
  t.same(await insert('ANN', 'other@example.com'), { kind: 'duplicate', field: 'username' });
  t.same(await insert('other', 'ANN@example.com'), { kind: 'duplicate', field: 'email' });
  t.equal(await insert('other', 'other@example.com'), 'accepted');
});
