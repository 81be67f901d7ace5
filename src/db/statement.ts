import type { CompiledQuery } from 'kysely';
import { type Database, lookupsOf } from './database.js';

/** Stands for the value of a parameter while a statement is compiled. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A query of Kysely, or SQL. */
interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

/**
 * Returns a function that runs one statement, which is built and compiled with its first call only.
 * It is for statements that look up a few rows by a key: outside of a transaction, they share
 * connections (see `Pipeline`).
 *
 * @param build builds the statement; the parameters may be used as values of it, and for nothing
 *   else, because they stand for the values of all calls
 */
export function lookup<Parameters extends Record<string, string | number | Buffer>, Row>(
  build: (db: Database, parameters: Parameters) => Compilable<Row>,
): (db: Database, values: Parameters) => Promise<Row[]> {
  const placeholders = new Proxy({} as Parameters, {
    get: (_target, name) => new Placeholder(String(name)),
  });
  let compiled: CompiledQuery<Row> | undefined;

  return async (db, values) => {
    compiled ??= build(db, placeholders).compile();
    const parameters = compiled.parameters.map((each) =>
      each instanceof Placeholder ? values[each.name] : each,
    );
    const run = lookupsOf(db);
    const { rows } =
      run === undefined
        ? await db.executeQuery<Row>({ ...compiled, parameters })
        : await run(compiled.sql, parameters);
    return rows as Row[];
  };
}
