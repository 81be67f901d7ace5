import { constants } from 'node:fs';
import { copyFile, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { giveToOwnerOf } from './server-account.js';

const MAXIMUM_BYTES = 5 * 1024 * 1024;
const CHECK_INTERVAL_MS = 60_000;
const TAIL_BYTES = 64 * 1024;

/**
 * The server's log file. While a service is running, it and one predecessor (`.1`) are limited to
 * about 5 MiB each.
 *
 * The server writes to the file directly, in append mode, because a pipe would break when this
 * process ends. The file can therefore be truncated at any time; lines written between copying and
 * truncating are lost.
 */
export class ServerLog {
  readonly path: string;
  #timer: NodeJS.Timeout | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** Opens the file for a child process. The caller must close it after spawning. */
  async open(): Promise<{ fd: number; offset: number; close(): Promise<void> }> {
    await this.#rotate();
    // A symbolic link in its place could make root write to any file.
    const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | noFollow;
    const handle = await open(this.path, flags, 0o600);
    await giveToOwnerOf(dirname(this.path), this.path);
    const offset = (await handle.stat()).size;
    return { fd: handle.fd, offset, close: () => handle.close() };
  }

  /** Returns the output since `offset`, at most the last 64 KiB. */
  async since(offset: number): Promise<string> {
    const handle = await open(this.path, 'r').catch(() => null);
    if (handle === null) return '';
    try {
      const { size } = await handle.stat();
      const start = Math.max(offset, size - TAIL_BYTES);
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.alloc(Math.max(0, size - start)),
        position: start,
      });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  /** Rotates the file periodically, without keeping the process alive. */
  watch(): void {
    this.#timer ??= setInterval(() => void this.#rotate().catch(() => {}), CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  unwatch(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #rotate(): Promise<void> {
    const size = await stat(this.path).then(
      (stats) => stats.size,
      () => 0,
    );
    if (size <= MAXIMUM_BYTES) return;
    await copyFile(this.path, `${this.path}.1`);
    await truncate(this.path, 0);
  }
}

/** Returns the line of PostgreSQL's output that best explains the failure, without time and pid. */
export function lastMeaningfulLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] /, '').trim())
    .filter((line) => line !== '');
  return (
    lines.findLast((line) => /\b(FATAL|PANIC):/.test(line)) ??
    lines.findLast((line) => /\berror\b/i.test(line)) ??
    lines.at(-1) ??
    'it said nothing'
  );
}

/** Returns the remedy for a failure that PostgreSQL described in `output`. */
export function remedyFor(output: string): string {
  if (/shared librar|Library not loaded/.test(output)) return 'install the missing library';
  if (/No space left on device|Disk quota exceeded/i.test(output)) return 'free some disk space';
  if (/Permission denied|Read-only file system/i.test(output)) {
    return "correct the data directory's permissions";
  }
  if (/unrecognized configuration parameter|invalid value for parameter/i.test(output)) {
    return 'correct the setting';
  }
  if (/pre-existing shared memory|already exists/.test(output)) {
    return 'end the processes of the earlier server on it';
  }
  if (/shared memory|semaphore|Cannot allocate memory/i.test(output)) return 'free some memory';
  return 'restore the data directory from a backup or choose another one';
}
