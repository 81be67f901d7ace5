import pg from 'pg';

/** The SQL that was sent while `work` ran, transaction control left out. Only looks on. */
export async function recordStatements(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const { query } = pg.Client.prototype;
  const recording = function (this: pg.Client, ...call: unknown[]): unknown {
    const [first] = call;
    const text = typeof first === 'string' ? first : (first as { text?: string }).text;
    if (text !== undefined && !/^(begin|commit|rollback|savepoint|release)/i.test(text)) {
      statements.push(text);
    }
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
