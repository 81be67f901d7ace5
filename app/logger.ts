import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify';
import pino, { type Logger } from 'pino';
import { createStream } from 'rotating-file-stream';
import { LOG_SERIALIZERS } from '#src/lib/logged-error.js';
import type { Config } from './config-schema.js';

/** Size of a file, and number of older files beside it: `errors.log.1` is the newest of them. */
const FILE_SIZE = '10M';
const OLDER_FILES = 5;

/** Bytes of lines that are written together, and the longest delay of a line in milliseconds. */
const BUFFERED_BYTES = 4096;
const DELAY_MS = 20;

/** Bytes of lines that are kept for a reader that does not read. */
const UNREAD_BYTES = 8 * 1024 * 1024;

/** Stacks may say more than others should read. */
const MODE = 0o600;

export interface Logging {
  /** The option `logger` of Fastify. */
  options: NonNullable<FastifyServerOptions['logger']>;
  /** Closes the file. */
  close: () => Promise<void>;
}

/**
 * Returns the logger of the service: lines of `LOG_LEVEL` and above on standard output, and with
 * `ERROR_LOG` those of `error` and above, whatever `LOG_LEVEL`, in a file that is rotated.
 *
 * @throws Error if the file cannot be written
 */
export function loggingOf({ LOG_LEVEL, ERROR_LOG }: Config): Logging {
  const serializers = LOG_SERIALIZERS;
  if (ERROR_LOG === undefined) {
    return {
      options: { level: LOG_LEVEL, serializers, stream: standardOutput() },
      close: async () => undefined,
    };
  }
  assertWritable(ERROR_LOG);
  const file = createStream(basename(ERROR_LOG), {
    path: dirname(ERROR_LOG),
    size: FILE_SIZE,
    rotate: OLDER_FILES,
    mode: MODE,
  });
  let hasFailed = false;
  file.on('error', (error) => {
    if (!hasFailed) process.emitWarning(`Could not write to ERROR_LOG: ${error.message}`);
    hasFailed = true;
  });
  const isQuiet = LOG_LEVEL === 'fatal' || LOG_LEVEL === 'silent';
  const lines = pino.multistream([
    ...(LOG_LEVEL === 'silent' ? [] : [{ level: LOG_LEVEL, stream: standardOutput() }]),
    { level: 'error', stream: file },
  ]);
  return {
    options: { level: isQuiet ? 'error' : LOG_LEVEL, serializers, stream: lines },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

/**
 * Returns standard output, on which lines are written together. None waits longer than `DELAY_MS`,
 * unless the reader is slower; of what it does not read, `UNREAD_BYTES` are kept. The lines of a
 * process that ends are written before.
 */
function standardOutput(): ReturnType<typeof pino.destination> {
  const output = pino.destination({
    fd: process.stdout.fd,
    sync: false,
    minLength: BUFFERED_BYTES,
    maxLength: UNREAD_BYTES,
  });
  output.once('drop', () => process.emitWarning('Lines of the log are lost: nobody reads them'));
  const write = output.write.bind(output);
  let timer: NodeJS.Timeout | undefined;
  let lines = 0;
  let seen = 0;
  const flushLater = () => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      output.flush();
    }, DELAY_MS).unref();
  };
  // A write does not contain the lines that are logged while it runs, and a flush during it does
  // nothing.
  output.on('drain', () => {
    if (lines !== seen) flushLater();
    seen = lines;
  });
  return Object.assign(output, {
    write(line: string): boolean {
      lines += 1;
      flushLater();
      return write(line);
    },
  });
}

/** Resolves once all lines that were logged before are written. */
export async function writtenLog(log: FastifyBaseLogger): Promise<void> {
  const { flush } = log as Partial<Pick<Logger, 'flush'>>;
  if (flush === undefined) return;
  // The first may only wait for a write that has begun before.
  for (const _ of [1, 2]) {
    // An error is that of `fsync`, which pipes do not support, or of a closed output.
    await new Promise<void>((resolve) => flush.call(log, () => resolve()));
  }
}

function assertWritable(path: string): void {
  try {
    closeSync(openSync(path, 'a', MODE));
  } catch (error) {
    throw new Error(`ERROR_LOG cannot be written: ${String(error)}`, { cause: error });
  }
}
