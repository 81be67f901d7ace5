/** Fields of an error that are logged beside its message: they name kinds and places. */
const FIELDS = ['code', 'severity', 'schema', 'table', 'column', 'constraint', 'routine'] as const;

/** Maximum depth of causes, which may form a circle. */
const MAX_CAUSES = 5;

export interface LoggedError {
  type: string;
  message: string;
  stack: string;
  cause?: LoggedError;
  [field: string]: unknown;
}

/** Returns what the log shows of something that is no error: anything can be thrown. */
function loggedThing(thing: unknown): LoggedError {
  const { name, message, code } = Object(thing) as Record<string, unknown>;
  return {
    type: typeof name === 'string' ? name : typeof thing,
    message: typeof message === 'string' ? message : '',
    stack: '',
    ...(typeof code === 'string' && { code }),
  };
}

/** Serializers of the log. */
export const LOG_SERIALIZERS = {
  err: (error: Error) => loggedError(error),
};

/**
 * Returns what the log shows of an error: type, message, stack, causes, and the fields that name its
 * kind and place. Everything else stays out: errors of the database carry the connection, with its
 * cancel key, and the values of rows.
 */
export function loggedError(error: Error, depth = 0): LoggedError {
  if (!(error instanceof Error)) return loggedThing(error);
  const logged: LoggedError = {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: error.message,
    stack: error.stack ?? '',
  };
  for (const name of FIELDS) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === 'string' || typeof value === 'number') logged[name] = value;
  }
  if (error.cause instanceof Error && depth < MAX_CAUSES) {
    logged.cause = loggedError(error.cause, depth + 1);
  }
  return logged;
}
