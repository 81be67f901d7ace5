import pg from 'pg';

/** Statements that a connection is sent before the first of them is answered. */
const DEPTH = 8;

/** A connection of the pool that several statements share. */
interface Lane {
  readonly client: Promise<pg.PoolClient>;
  /** Statements that are sent, or wait for the connection. */
  running: number;
  isBroken: boolean;
}

/**
 * Sends statements of concurrent requests over one connection, each before the others are answered,
 * so that they share round trips and system calls. A further connection is taken when all in use
 * have enough to do, and given back to the pool as soon as it has nothing to do.
 *
 * A statement waits for those before it on its connection: only for those that look up a few rows by
 * a key. Each is a transaction of its own.
 *
 * @see https://node-postgres.com/features/pipelining
 */
export class Pipeline {
  readonly #pool: pg.Pool;
  /** At least one fewer than the connections of the pool. */
  #lanes: Lane[] = [];

  /** @param pool its clients have the option `pipeline` */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** @throws DatabaseError; Error if there is no connection in time, or if it is lost */
  async query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>> {
    const lane = this.#lanes.find(hasRoom) ?? this.#open();
    lane.running += 1;
    try {
      const client = await lane.client;
      return await client.query<R>(config);
    } catch (error) {
      // An error of the server leaves the connection as it was; all others have closed it.
      if (!isAnswer(error)) this.#forget(lane);
      throw error;
    } finally {
      lane.running -= 1;
      if (lane.running === 0) setImmediate(() => this.#giveBack(lane));
    }
  }

  #open(): Lane {
    const lane: Lane = { client: this.#pool.connect(), running: 0, isBroken: false };
    this.#lanes.push(lane);
    return lane;
  }

  /** Sends nothing more over a connection, which its last statement gives back. */
  #forget(lane: Lane): void {
    lane.isBroken = true;
    this.#lanes = this.#lanes.filter((each) => each !== lane);
  }

  #giveBack(lane: Lane): void {
    if (lane.running > 0) return;
    this.#lanes = this.#lanes.filter((each) => each !== lane);
    lane.client.then(
      (client) => client.release(lane.isBroken),
      // Reported by the statements that have waited for it.
      () => undefined,
    );
  }
}

function hasRoom({ running }: Lane): boolean {
  return running < DEPTH;
}

/** Whether the error is one that the server has sent, over a connection that it keeps. */
function isAnswer(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}
