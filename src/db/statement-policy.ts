import { createHash } from 'node:crypto';
import { type PostgresPool, type PostgresPoolClient, sql } from 'kysely';
import type pg from 'pg';

/** How many different statements are named; what comes after is sent unnamed. */
const MAX_NAMED_STATEMENTS = 500;

const UNNAMED_MARK = '/* planned for its values */';

/** Put into a statement: it is not named, so that the server plans it anew for its values. */
export const UNNAMED = sql.raw(UNNAMED_MARK);

/** What the driver says when its own time is up. */
const QUERY_TIMED_OUT = 'Query read timeout';

/** How statements are sent. */
export interface StatementPolicy {
  /** Whether they are prepared on the server; not behind a PgBouncer older than 1.21. */
  named: boolean;
  /** Milliseconds after which a server that says nothing is given up; 0: never. */
  timeout: number;
}

/**
 * The pool, with every statement named after its text, so that the server parses and plans it once
 * a connection and not once a request, unless it holds `UNNAMED`; and with an end to waiting for a server that has frozen,
 * whose own time-outs are of no use then.
 *
 * The number of names is bounded: each is kept by the server for as long as its connection lives.
 *
 * @see https://node-postgres.com/features/queries#prepared-statements
 */
export function withStatementPolicy(pool: pg.Pool, policy: StatementPolicy): PostgresPool {
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
    let broken = false;

    async function run(text: string, values: readonly unknown[] = []): Promise<unknown> {
      // Statements without parameters are transaction control or run once: naming gains nothing.
      const isNamed = policy.named && values.length > 0 && !text.includes(UNNAMED_MARK);
      const name = isNamed ? nameOf(text) : undefined;
      try {
        return await client.query({
          text,
          values: [...values],
          ...(name !== undefined && { name }),
          ...(policy.timeout > 0 && { query_timeout: policy.timeout }),
        } as pg.QueryConfig);
      } catch (error) {
        // The answer may still come, and would be taken for that of the next statement.
        if (error instanceof Error && error.message === QUERY_TIMED_OUT) broken = true;
        throw error;
      }
    }

    function query(textOrCursor: unknown, values?: readonly unknown[]): unknown {
      return typeof textOrCursor === 'string'
        ? run(textOrCursor, values)
        : client.query(textOrCursor as pg.Submittable);
    }
    return {
      query: query as PostgresPoolClient['query'],
      release: () => client.release(broken),
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
