import { Socket } from 'node:net';

/**
 * A socket that sends together what is written to it in one turn of the event loop. The driver
 * writes each statement on its own; a system call costs about as much as the rest of a short one.
 */
export class BatchingSocket extends Socket {
  #isHolding = false;

  /** The driver corks the socket around the messages of each statement. */
  override cork(): void {
    super.cork();
    if (this.#isHolding) return;
    this.#isHolding = true;
    super.cork();
    setImmediate(() => {
      this.#isHolding = false;
      this.uncork();
    });
  }
}
