import type { LoadRequest } from './load.js';

/** The SQL of a row for pgbench. */
export interface Ceiling {
  /** Lines of `\\set`. */
  variables: string[];
  /** Values of the parameters of each statement, by its name, as SQL. */
  statements: Record<string, string[]>;
}

/** One kind of work, which all contenders do: a line of the table. */
export interface Row {
  name: string;
  status: number;
  /** The least ratio to aim at; null for a row that informs only. */
  target: number | null;
  requests: LoadRequest[];
  /** What the peers are sent instead. */
  peerRequests?: LoadRequest[];
  /** Whether each contender is sent the entity tag that it gave to the same request. */
  isConditional?: boolean;
  /** Whether responses differ in ids and times, so only their fields are compared. */
  isWrite?: boolean;
  /** Whether the errors of a framework have a form of their own; L1 has that of the service. */
  hasOwnErrors?: boolean;
  /** The peers that do this work, besides L1; all if it is left out. */
  peers?: readonly string[];
  ceiling?: Ceiling;
  /** The number of connections, where the service allows a client fewer than others. */
  connections?: number;
  /** The least duration of a turn, for work of which few pieces are done in a second. */
  leastSeconds?: number;
  /**
   * The number of requests of a turn, instead of a duration, for work that the service allows a
   * client a few times a minute.
   */
  amount?: number;
  /** Whether L1 does simpler work, whose answer has other JSON. */
  isPlainer?: boolean;
}
