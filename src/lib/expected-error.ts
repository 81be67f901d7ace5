export interface ExpectedErrorOptions {
  cause?: unknown;
  /** Whether the stack is recorded all the same. */
  withStack?: boolean;
}

/**
 * An error that a client can cause. It has no stack, because nobody reads it, and recording it is
 * most of the cost of an error.
 */
export class ExpectedError extends Error {
  constructor(message: string, { cause, withStack = false }: ExpectedErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    if (!withStack) Error.stackTraceLimit = 0;
    super(message, { cause });
    Error.stackTraceLimit = stackTraceLimit;
  }
}
