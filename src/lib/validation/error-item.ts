/** An entry of `detail` in a 422 response, with FastAPI's fields in FastAPI's order. */
export interface ErrorItem {
  type: string;
  loc: (string | number)[];
  msg: string;
  input: unknown;
  ctx?: Record<string, unknown>;
}

/** Result of a validator: the converted value, or at least one error. */
export type Validated<T = unknown> = { value: T } | { errors: ErrorItem[] };
