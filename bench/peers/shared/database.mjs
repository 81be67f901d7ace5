// The pool and the prepared statements of all peers on Node.
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

const FOLDER = new URL('../statements/', import.meta.url);

/** Each statement by its name, prepared once per connection. */
export const statements = Object.fromEntries(
  readdirSync(FOLDER).map((file) => {
    const name = file.replace(/\.sql$/, '');
    return [name, { name, text: readFileSync(new URL(file, FOLDER), 'utf8') }];
  }),
);

const { builtins } = pg.types;

/** `2026-01-31 09:30:00.5+00` as `2026-01-31T09:30:00.500Z`; the server's time zone is UTC. */
function toTimestamp(text) {
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).padEnd(3, '0')}Z`;
}

const types = {
  getTypeParser(oid, format) {
    if (format !== 'binary') {
      if (oid === builtins.TIMESTAMPTZ) return toTimestamp;
      if (oid === builtins.INT8) return Number;
    }
    return pg.types.getTypeParser(oid, format);
  },
};

export const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  min: 2,
  max: 10,
  types,
});

/** Runs a prepared statement on the pool, or on a client of it. */
export async function rowsOf(name, values, client = pool) {
  const { rows } = await client.query({ ...statements[name], values });
  return rows;
}

/** Runs `work` with a client in a transaction. */
export async function inTransaction(work) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release();
    throw error;
  }
}
