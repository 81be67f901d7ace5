import { Redis } from 'ioredis';

/** Milliseconds to wait for a connection, for an answer, and at most until the next attempt. */
const CONNECT_MS = 1000;
const ANSWER_MS = 250;
const MAX_PAUSE_MS = 2000;

/** What ioredis says of a command that was not answered. */
const TIMED_OUT = 'Command timed out';

/** What Redis quotes of a command that it does not know; that may be `auth`, and the password. */
const QUOTED = /, with args beginning with:.*/s;

export interface RedisLog {
  info(text: string): void;
  warn(object: object, text: string): void;
}

/** A connection to Redis that costs a reader next to nothing while there is no Redis. */
export interface RedisConnection {
  client: Redis;
  /**
   * To be told of what failed. The log hears of it once, until Redis answers again, and never of the
   * command that failed.
   */
  report(error: unknown): void;
}

/**
 * Connects to Redis, in the background. While there is no connection every command fails at once; one
 * that is not answered in a quarter of a second fails too, and takes the connection with it, so that
 * the next do not wait.
 *
 * @param url `redis:` or `rediss:`
 * @param keyPrefix in front of every key
 */
export function openRedis(url: string, keyPrefix: string, log: RedisLog): RedisConnection {
  let isFaulty = false;
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
      'Redis does not answer: this process keeps on its own what it reads',
    );
  }

  client.on('error', report);
  client.on('ready', () => {
    if (isFaulty) log.info('Redis answers again');
    isFaulty = false;
  });
  return { client, report };
}

/** What may be logged of an error: ioredis adds the command to it, with the password or the values. */
function harmless(error: unknown): object {
  if (!(error instanceof Error)) return {};
  const { name, message, code } = error as NodeJS.ErrnoException;
  return { name, message: message.replace(QUOTED, ''), code };
}
