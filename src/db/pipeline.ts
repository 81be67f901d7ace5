import pg from 'pg';

/** Statements that a connection is sent before another connection is taken. */
const DEPTH = 8;

/** Milliseconds after which a connection takes no more statements, so that others get it, too. */
const TURN_MS = 100;

/** A connection of the pool that several statements share. */
interface Lane {
  readonly client: Promise<pg.PoolClient>;
  /** When it takes no more statements, in milliseconds of `performance.now()`. */
  readonly until: number;
  /** Statements that are sent, or wait for the connection. */
  running: number;
  isBroken: boolean;
  isGivenBack: boolean;
}

/**
 * Sends statements of concurrent requests over one connection, each before the others are answered,
 * so that they share round trips and system calls. A further connection is taken when all in use
 * have enough to do; one of the pool's, at least, is left to others. A connection is given back to
 * the pool as soon as it has nothing to do, and when others wait for one or its turn is over, it
 * takes no more.
 *
 * A statement waits for those before it on its connection: only for those that look up a few rows by
 * a key. Each is a transaction of its own.
 *
 * @see https://node-postgres.com/features/pipelining
 */
export class Pipeline {
  readonly #pool: pg.Pool;
  readonly #mostLanes: number;
  /** Those that take statements. */
  #lanes: Lane[] = [];

  /** @param pool its clients have the option `pipeline` */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#mostLanes = Math.max(1, pool.options.max - 1);
  }

  /** @throws DatabaseError; Error if there is no connection in time, or if it is lost */
  async query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>> {
    const lane = this.#laneForOne();
    lane.running += 1;
    try {
      const client = await lane.client;
      return await client.query<R>(config);
    } catch (error) {
      if (!leavesConnection(error)) {
        lane.isBroken = true;
        this.#retire(lane);
      }
      throw error;
    } finally {
      lane.running -= 1;
      if (lane.running === 0) setImmediate(() => this.#giveBack(lane));
    }
  }

  #laneForOne(): Lane {
    const now = performance.now();
    const isWaitedFor = this.#pool.waitingCount > 0;
    for (const lane of this.#lanes) {
      if (lane.running > 0 && (isWaitedFor || now > lane.until)) this.#retire(lane);
    }
    const [first, ...others] = this.#lanes;
    if (first === undefined) return this.#open(now);
    const idlest = others.reduce(
      (least, lane) => (lane.running < least.running ? lane : least),
      first,
    );
    const isFull = idlest.running >= DEPTH && this.#lanes.length < this.#mostLanes;
    return isFull ? this.#open(now) : (this.#lanes.find(hasRoom) ?? idlest);
  }

  #open(now: number): Lane {
    const lane: Lane = {
      client: this.#pool.connect(),
      until: now + TURN_MS,
      running: 0,
      isBroken: false,
      isGivenBack: false,
    };
    this.#lanes.push(lane);
    return lane;
  }

  /** Sends nothing more over a connection, which its last statement gives back. */
  #retire(lane: Lane): void {
    this.#lanes = this.#lanes.filter((each) => each !== lane);
  }

  #giveBack(lane: Lane): void {
    // It may have been used again, and even left again, in the same turn of the event loop.
    if (lane.running > 0 || lane.isGivenBack) return;
    lane.isGivenBack = true;
    this.#retire(lane);
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

/** Whether the error is the server's answer to a statement, after which the connection goes on. */
function leavesConnection(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(?:57P|08)/.test(error.code ?? '08');
}
