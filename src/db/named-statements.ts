import { createHash } from 'node:crypto';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** How many different statements are named; what comes after is sent unnamed. */
const MAX_NAMED_STATEMENTS = 500;

/**
 * The pool, with every statement named after its text, so that the server parses and plans it once
 * a connection and not once a request.
 *
 * The number of names is bounded: each is kept by the server for as long as its connection lives.
 *
 * @see https://node-postgres.com/features/queries#prepared-statements
 */
export function withNamedStatements(pool: pg.Pool): PostgresPool {
  const names = new Map<string, string>();
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || names.size >= MAX_NAMED_STATEMENTS) return known;
    const name = createHash('sha256').update(text).digest('base64url');
    names.set(text, name);
    return name;
  }

  function wrap(client: pg.PoolClient): PostgresPoolClient {
    function query(textOrCursor: unknown, values?: readonly unknown[]): unknown {
      if (typeof textOrCursor !== 'string') return client.query(textOrCursor as pg.Submittable);
      // Statements without parameters are transaction control or run once: naming gains nothing.
      const name = values === undefined || values.length === 0 ? undefined : nameOf(textOrCursor);
      return client.query({
        text: textOrCursor,
        values: values as unknown[],
        ...(name === undefined ? {} : { name }),
      });
    }
    return {
      query: query as PostgresPoolClient['query'],
      release: () => client.release(),
    };
  }

  return {
    async connect() {
      const client = await pool.connect();
      let wrapped = clients.get(client);
      if (wrapped === undefined) {
        wrapped = wrap(client);
        clients.set(client, wrapped);
      }
      return wrapped;
    },
    end: () => pool.end(),
  };
}
