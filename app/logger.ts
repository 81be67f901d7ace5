import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { FastifyServerOptions } from 'fastify';
import pino from 'pino';
import { createStream } from 'rotating-file-stream';
import { LOG_SERIALIZERS } from '#src/lib/logged-error.js';
import type { Config } from './config-schema.js';
import { LogOutput } from './log-output.js';

/** Size of a file, and number of older files beside it: `errors.log.1` is the newest of them. */
const FILE_SIZE = '10M';
const OLDER_FILES = 5;

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

let output: LogOutput | undefined;

/** Returns the output of all loggers of the process: two would mix their lines. */
function standardOutput(): LogOutput {
  output ??= new LogOutput(process.stdout.fd);
  return output;
}

/** Writes the lines that were logged before. */
export function flushLog(): void {
  output?.flush();
}

function assertWritable(path: string): void {
  try {
    closeSync(openSync(path, 'a', MODE));
  } catch (error) {
    throw new Error(`ERROR_LOG cannot be written: ${String(error)}`, { cause: error });
  }
}
