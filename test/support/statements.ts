import pg from 'pg';

/**
 * Statements that are not recorded: transaction control, settings, change notifications, what runs
 * beside requests for live clients, and what the process does after some number of requests.
 */
const ASIDE =
  /^(begin|commit|rollback|savepoint|release|listen|set [a-z_]+ |select pg_notify)|settled_event\(\)|events_after\(|select id, user_id, 'key' from api_keys|^delete from "throttles" where "key_hash" in/i;

/** A statement as sent to the database. */
export interface RecordedStatement {
  text: string;
  values: readonly unknown[];
}

/** Returns the SQL sent while `work` runs, without statements that match `ASIDE`. */
export async function recordStatements(work: () => Promise<unknown>): Promise<string[]> {
  return (await recordCalls(work)).map(({ text }) => text);
}

/** Like `recordStatements`, with the values of the parameters. */
export async function recordCalls(work: () => Promise<unknown>): Promise<RecordedStatement[]> {
  const statements: RecordedStatement[] = [];
  const { query } = pg.Client.prototype;
  const recording = function (this: pg.Client, ...call: unknown[]): unknown {
    const [first] = call;
    const statement =
      typeof first === 'string' ? { text: first } : (first as Partial<RecordedStatement>);
    const { text, values = [] } = statement;
    if (text !== undefined && !ASIDE.test(text)) statements.push({ text, values });
    return Reflect.apply(query, this, call);
  };
  pg.Client.prototype.query = recording as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return statements;
}
