import type { FastifyBaseLogger } from 'fastify';
import fp from 'fastify-plugin';

type Line = Parameters<FastifyBaseLogger['info']>;

/**
 * Gives each request a log whose lines carry the request id. Most requests log nothing but their
 * last line, so the child logger is made for the first of the others.
 */
export default fp(
  async (app) => {
    app.setChildLoggerFactory(
      (logger, bindings, options) => new RequestLog(logger, () => logger.child(bindings, options)),
    );
  },
  { name: 'request-log' },
);

/** A logger that is made when it is needed. */
class RequestLog implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger;
  readonly #make: () => FastifyBaseLogger;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, make: () => FastifyBaseLogger) {
    this.#parent = parent;
    this.#make = make;
  }

  get level(): string {
    return (this.#made ?? this.#parent).level;
  }

  set level(level: string) {
    this.#own.level = level;
  }

  get #own(): FastifyBaseLogger {
    this.#made ??= this.#make();
    return this.#made;
  }

  fatal(...line: Line): void {
    this.#own.fatal(...line);
  }
  error(...line: Line): void {
    this.#own.error(...line);
  }
  warn(...line: Line): void {
    this.#own.warn(...line);
  }
  info(...line: Line): void {
    this.#own.info(...line);
  }
  debug(...line: Line): void {
    this.#own.debug(...line);
  }
  trace(...line: Line): void {
    this.#own.trace(...line);
  }
  silent(...line: Line): void {
    this.#own.silent(...line);
  }

  child(...parts: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#own.child(...parts);
  }
}
