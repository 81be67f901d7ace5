import { createHash } from 'node:crypto';
import { type PostgresPool, type PostgresPoolClient, sql } from 'kysely';
import type pg from 'pg';

/** Maximum number of named statements; further ones are sent unnamed. */
const MAX_NAMED_STATEMENTS = 500;

const UNNAMED_MARK = '/* planned for its values */';

/** Added to a statement, keeps it unnamed, so the server plans it for its actual values. */
export const UNNAMED = sql.raw(UNNAMED_MARK);

const UNAWAITED_MARK = '/* sent with what follows */';

/**
 * Added to a statement of a transaction whose result nobody reads: it counts as done when it is
 * sent, so it shares a round trip with the next one. If it fails, the next one fails with its error,
 * which may be COMMIT.
 */
export const UNAWAITED = sql.raw(UNAWAITED_MARK);

/** The driver's message for its own timeout. */
const QUERY_TIMED_OUT = 'Query read timeout';

/** Whether statements are prepared, and when the driver gives up on them. */
export interface StatementPolicy {
  /** Whether statements are prepared on the server; not supported by PgBouncer before 1.21. */
  named: boolean;
  /** Milliseconds until the driver gives up on a silent server; 0 waits forever. */
  timeout: number;
}

/** Returns a statement as it is sent to the driver. */
export type ConfigureStatement = (text: string, values: readonly unknown[]) => pg.QueryConfig;

/**
 * Applies the policy. Each statement with parameters gets a name derived from its text, unless it
 * contains `UNNAMED`, so the server parses and plans it once per connection instead of once per
 * request. Each statement also gets a client-side timeout, because a frozen server does not enforce
 * its own.
 *
 * The number of names is limited: the server keeps each one for the lifetime of its connection.
 *
 * @see https://node-postgres.com/features/queries#prepared-statements
 */
export function configureStatements({ named, timeout }: StatementPolicy): ConfigureStatement {
  const names = new Map<string, string>();
  const limits = timeout > 0 ? { query_timeout: timeout } : {};

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || names.size >= MAX_NAMED_STATEMENTS) return known;
    const name = createHash('sha256').update(text).digest('base64url');
    names.set(text, name);
    return name;
  }

  return (text, values) => {
    // Statements without parameters are transaction control or run once, so a name gains nothing.
    const isNamed = named && values.length > 0 && !text.includes(UNNAMED_MARK);
    const name = isNamed ? nameOf(text) : undefined;
    return { text, values: [...values], ...(name !== undefined && { name }), ...limits };
  };
}

/** The result of a statement that is not waited for. */
const SENT: pg.QueryResult = { command: '', rowCount: 0, oid: 0, fields: [], rows: [] };

/** Wraps a pool for Kysely. Its statements are sent as `configure` returns them. */
export function configuredPool(pool: pg.Pool, configure: ConfigureStatement): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();

  function wrap(client: pg.PoolClient): PostgresPoolClient {
    let broken = false;
    let begun: Promise<unknown> | null = null;
    let isInTransaction = false;
    let unawaited: Promise<unknown>[] = [];

    async function run(text: string, values: readonly unknown[] = []): Promise<unknown> {
      const sent = client.query(configure(text, values));
      try {
        if (client.pipeline && text === 'begin') {
          sent.catch(() => undefined);
          begun = sent;
          isInTransaction = true;
          return SENT;
        }
        await beginning(sent);
        if (isInTransaction && text.includes(UNAWAITED_MARK)) {
          sent.catch(() => undefined);
          unawaited.push(sent);
          return SENT;
        }
        if (text === 'commit' || text === 'rollback') isInTransaction = false;
        if (text.startsWith('rollback')) {
          // What has failed is undone, and its error must not keep the caller from going on.
          unawaited = [];
          return await sent;
        }
        return await following(sent);
      } catch (error) {
        // A late response would be mistaken for that of the next statement.
        if (error instanceof Error && error.message === QUERY_TIMED_OUT) broken = true;
        throw error;
      }
    }

    /**
     * The first statement of a transaction is sent together with BEGIN. A server that refuses BEGIN
     * and keeps the connection runs this one statement all the same, and no other.
     */
    async function beginning(first: Promise<unknown>): Promise<void> {
      if (begun === null) return;
      const before = begun;
      begun = null;
      first.catch(() => undefined);
      try {
        await before;
      } catch (error) {
        broken = true;
        throw error;
      }
    }

    /** The server refuses a statement after one that has failed; its error is the relevant one. */
    async function following(sent: Promise<unknown>): Promise<unknown> {
      if (unawaited.length === 0) return sent;
      const before = unawaited;
      unawaited = [];
      sent.catch(() => undefined);
      await Promise.all(before);
      return sent;
    }

    return {
      // Without a cursor module, Kysely passes only text.
      query: run as PostgresPoolClient['query'],
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
