import { createRequire } from 'node:module';
import type * as ioredis from 'ioredis';
import type { Redis } from 'ioredis';

/**
 * Timeouts for connecting and for commands, and the longest pause between attempts to connect, in
 * milliseconds.
 */
const CONNECT_MS = 1000;
const ANSWER_MS = 250;
const MAX_PAUSE_MS = 2000;

/** ioredis's message for a command that timed out. */
const TIMED_OUT = 'Command timed out';

/**
 * The part of Redis's error message that quotes an unknown command; for `auth`, it contains the
 * password.
 */
const QUOTED = /, with args beginning with:.*/s;

export interface RedisLog {
  info(text: string): void;
  warn(object: object, text: string): void;
}

/** A connection to Redis. Commands fail immediately while Redis is unavailable. */
export interface RedisConnection {
  client: Redis;
  /** Reports a failure. Logged once until Redis responds again, and without the failed command. */
  report(error: unknown): void;
}

/**
 * Connects to Redis in the background. While there is no connection, every command fails
 * immediately. A command without a response within 250 ms fails too and closes the connection, so
 * that the next ones do not wait.
 *
 * @param url `redis:` or `rediss:` URL
 * @param keyPrefix prefix of every key
 */
export function openRedis(url: string, keyPrefix: string, log: RedisLog): RedisConnection {
  let isFaulty = false;
  // Required here, as services without Redis never need it.
  const { Redis }: typeof ioredis = createRequire(import.meta.url)('ioredis');
  const client = new Redis(url, {
    keyPrefix,
    connectionName: 'althing',
    connectTimeout: CONNECT_MS,
    commandTimeout: ANSWER_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_PAUSE_MS),
  });

  function report(error: unknown): void {
    if (error instanceof Error && error.message === TIMED_OUT) client.disconnect(true);
    if (isFaulty || client.status === 'end') return;
    isFaulty = true;
    log.warn(
      { err: harmless(error) },
      'Redis is not responding: caching in the memory of this process',
    );
  }

  client.on('error', report);
  client.on('ready', () => {
    if (isFaulty) log.info('Redis is responding again');
    isFaulty = false;
  });
  return { client, report };
}

/**
 * Returns the loggable part of an error: ioredis attaches the command, including passwords and
 * values.
 */
function harmless(error: unknown): object {
  if (!(error instanceof Error)) return {};
  const { name, message, code } = error as NodeJS.ErrnoException;
  return { name, message: message.replace(QUOTED, ''), code };
}
