import { Socket } from 'node:net';

/**
 * A socket that sends together what is written to it in one turn of the event loop. The driver
 * writes each statement on its own; a system call costs about as much as the rest of a short one.
 */
export class BatchingSocket extends Socket {
  #isHolding = false;

  override connect(...parts: unknown[]): this {
    super.connect(...(parts as [string]));
    // Node has replaced the method below by that of `Socket`.
    Reflect.deleteProperty(this, 'write');
    return this;
  }

  /** The driver corks the socket around the messages of a statement with parameters. */
  override cork(): void {
    super.cork();
    this.#hold();
  }

  /** The driver writes a statement without parameters, such as BEGIN, at once. */
  override write(...parts: unknown[]): boolean {
    this.#hold();
    // The overloads have no common form.
    return super.write(...(parts as [string]));
  }

  #hold(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    super.cork();
    setImmediate(() => {
      this.#isHolding = false;
      this.uncork();
    });
  }
}
