/** One entry of the `detail` array of a 422 answer, in the shape and key order FastAPI serialises. */
export interface ErrorItem {
  type: string;
  loc: (string | number)[];
  msg: string;
  input: unknown;
  ctx?: Record<string, unknown>;
}

/** What every compiled validator answers: the converted value, or at least one error. */
export type Validated<T = unknown> = { value: T } | { errors: ErrorItem[] };
