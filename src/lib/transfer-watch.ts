import type { ServerResponse } from 'node:http';

/** When a long response is ended because its client takes too long. */
export interface TransferLimits {
  /** Milliseconds within which the client must take `minBytes`. */
  window: number;
  /** Minimum number of bytes that the client takes within the window, if there are as many. */
  minBytes: number;
  /** Maximum milliseconds of the whole response. */
  lifetime: number;
}

/** Number of times within the window at which progress is measured. */
const SAMPLES = 10;

/**
 * Ends a response whose client reads nothing, or too slowly, and one that takes too long in all. The
 * connection is destroyed, so that the client sees a broken transfer and no complete file. Time
 * during which the service itself has nothing to send does not count against the client.
 *
 * @param onEnd called with the reason before the connection is destroyed
 */
export function watchTransfer(
  response: ServerResponse,
  { window, minBytes, lifetime }: TransferLimits,
  onEnd: (reason: string) => void,
): void {
  /** Bytes taken at the last samples at which some were waiting, oldest first. */
  let taken: number[] = [];

  function end(reason: string): void {
    onEnd(reason);
    response.destroy();
  }

  const samples = setInterval(() => {
    const { socket } = response;
    if (socket === null || socket.writableLength === 0) {
      taken = [];
      return;
    }
    taken.push(socket.bytesWritten - socket.writableLength);
    const [first = 0] = taken;
    if (taken.length <= SAMPLES) return;
    if ((taken.at(-1) ?? 0) - first < minBytes) end('the client reads too slowly');
    taken.shift();
  }, window / SAMPLES);
  const timeout = setTimeout(() => end('the response takes too long'), lifetime);
  function stop(): void {
    clearInterval(samples);
    clearTimeout(timeout);
  }
  response.once('finish', stop);
  response.once('close', stop);
}
