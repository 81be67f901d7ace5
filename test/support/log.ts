import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { LOG_SERIALIZERS } from '#src/lib/logged-error.js';

/** Returns a logger at level `debug`, and its lines as parsed objects. */
export function recordLog(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { logger: pino({ level: 'debug', serializers: LOG_SERIALIZERS }, log), lines };
}
