import { writeSync } from 'node:fs';

/** Length of lines that are written together, in UTF-16 code units. */
const BLOCK_LENGTH = 4096;

/** The longest delay of a line, and of another try if the reader does not read, in milliseconds. */
const DELAY_MS = 20;

/** Lines that are kept for a reader that does not read, in UTF-16 code units. */
const UNREAD_LENGTH = 8 * 1024 * 1024;

/** How long a process that ends waits for a reader that does not read, in milliseconds. */
const LAST_WAIT_MS = 5000;

/**
 * Writes the lines of the log to a file descriptor, in order and several together. A reader that
 * does not read delays the lines, not the process; lines beyond `UNREAD_LENGTH` are lost. A process
 * that ends writes its lines before.
 *
 * Each write is one system call in this thread: a write in another thread may still run when the
 * process ends, and then the last lines would come before it.
 */
export class LogOutput {
  readonly #fd: number;

  #lines = '';

  /** The part of a block that the reader has not taken yet. */
  #rest: Uint8Array | undefined;

  #timer: NodeJS.Timeout | undefined;

  #isClosed = false;

  readonly #warned = new Set<string>();

  constructor(fd: number) {
    this.#fd = fd;
    process.once('exit', () => this.#writeLast());
  }

  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#lines.length + line.length > UNREAD_LENGTH) {
      this.#warnOnce('Lines of the log are lost: nobody reads them');
      return;
    }
    this.#lines += line;
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.flush(), DELAY_MS).unref();
    }
    if (this.#lines.length >= BLOCK_LENGTH && this.#rest === undefined) this.flush();
  }

  /** Writes all lines; what the reader does not take, later. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#writeAll()) this.#timer = setTimeout(() => this.flush(), DELAY_MS).unref();
  }

  /** Returns false if the reader does not read. */
  #writeAll(): boolean {
    try {
      while (!this.#isClosed) {
        if (this.#rest === undefined) {
          if (this.#lines === '') break;
          this.#rest = Buffer.from(this.#lines);
          this.#lines = '';
        }
        const written = writeSync(this.#fd, this.#rest);
        this.#rest = written < this.#rest.length ? this.#rest.subarray(written) : undefined;
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return false;
      this.#rest = undefined;
      // The reader has ended: there is nobody to tell.
      if (code === 'EPIPE') this.#isClosed = true;
      else this.#warnOnce(`Could not write to the log: ${message}`);
    }
    return true;
  }

  #writeLast(): void {
    const until = Date.now() + LAST_WAIT_MS;
    const never = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#writeAll() && Date.now() < until) Atomics.wait(never, 0, 0, DELAY_MS);
  }

  #warnOnce(sentence: string): void {
    if (this.#warned.has(sentence)) return;
    this.#warned.add(sentence);
    process.emitWarning(sentence);
  }
}
