import type { CompiledQuery } from 'kysely';
import { LRUCache } from 'lru-cache';
import { type Database, lookupsOf } from './database.js';

/** Values of a statement's parameters by name. */
type Values = Record<string, string | number | boolean | Buffer | string[] | null>;

/** What a statement is built from, apart from the values of its parameters. */
type Shape = Record<string, string | number | boolean | undefined>;

/** A query of Kysely, or SQL. */
interface Compilable<Row> {
  compile(db: Database): CompiledQuery<Row>;
}

/** Maximum number of shapes of one statement that are kept: those that were used last. */
const MAX_SHAPES = 200;

/** Stands for the value of a parameter while a statement is compiled. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const placeholders = new Proxy<Record<string, Placeholder>>(
  {},
  { get: (_target, name) => new Placeholder(String(name)) },
);

/** A statement whose text depends on a shape. Each of its shapes is built and compiled once. */
class Statement<P extends Values, S extends Shape, Row> {
  readonly #build: (db: Database, parameters: P, shape: S) => Compilable<Row>;
  readonly #compiled = new LRUCache<string, CompiledQuery<Row>>({ max: MAX_SHAPES });

  constructor(build: (db: Database, parameters: P, shape: S) => Compilable<Row>) {
    this.#build = build;
  }

  /** Runs the statement on a connection of its own, or in the transaction of `db`. */
  async run(db: Database, values: P, shape: S): Promise<Row[]> {
    const compiled = this.#compile(db, shape);
    const parameters = parametersOf(compiled, values);
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  }

  /**
   * Same as `run`, for a statement that looks up a few rows by a key: outside of a transaction, it
   * shares a connection with others (see `Pipeline`).
   */
  async lookUp(db: Database, values: P, shape: S): Promise<Row[]> {
    const send = lookupsOf(db);
    if (send === undefined) return this.run(db, values, shape);
    const compiled = this.#compile(db, shape);
    const { rows } = await send(compiled.sql, parametersOf(compiled, values));
    return rows as Row[];
  }

  #compile(db: Database, shape: S): CompiledQuery<Row> {
    const key = keyOf(shape);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    // The statement is built with placeholders of the types that its values have.
    const compiled = this.#build(db, placeholders as unknown as P, shape).compile(db);
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

/**
 * Returns a statement that is compiled once for each shape.
 *
 * @param build builds the statement; the parameters may be used as values of it, and for nothing
 *   else, because they stand for the values of all calls
 */
export function statement<P extends Values, S extends Shape, Row>(
  build: (db: Database, parameters: P, shape: S) => Compilable<Row>,
): Statement<P, S, Row> {
  return new Statement(build);
}

/** Returns a function that runs a lookup of one shape, see `Statement`. */
export function lookup<P extends Values, Row>(
  build: (db: Database, parameters: P) => Compilable<Row>,
): (db: Database, values: P) => Promise<Row[]> {
  const only = new Statement<P, Record<string, never>, Row>(build);
  return (db, values) => only.lookUp(db, values, {});
}

function parametersOf({ parameters }: CompiledQuery, values: Values): unknown[] {
  return parameters.map((each) => (each instanceof Placeholder ? values[each.name] : each));
}

function keyOf(shape: Shape): string {
  let key = '';
  for (const name of Object.keys(shape)) key += `${name}=${shape[name]};`;
  return key;
}
