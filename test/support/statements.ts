import pg from 'pg';

/** What no request asks for: transaction control, and what listens for changes. */
const ASIDE =
  /^(begin|commit|rollback|savepoint|release|listen|set synchronous_commit|select pg_notify)/i;

/** The SQL that was sent while `work` ran, what stands aside left out. Only looks on. */
export async function recordStatements(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const { query } = pg.Client.prototype;
  const recording = function (this: pg.Client, ...call: unknown[]): unknown {
    const [first] = call;
    const text = typeof first === 'string' ? first : (first as { text?: string }).text;
    if (text !== undefined && !ASIDE.test(text)) statements.push(text);
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
