import { once } from 'node:events';
import { extname } from 'node:path';
import pLimit from 'p-limit';
import { Piscina } from 'piscina';
import { type RenderedMarkdown, renderMarkdown } from '#src/articles/lib/markdown.js';
import { ApiError } from '#src/errors.js';

/** Maximum characters rendered on the main thread; the worst case takes 50 milliseconds. */
export const MAX_RENDERED_AT_ONCE = 5000;

const THREADS = 2;

/**
 * Maximum number of waiting texts; beyond it, calls fail at once instead of waiting for ten others.
 */
const MAX_WAITING = 20;

/** Milliseconds after which an idle thread ends and frees its memory. */
const IDLE_MS = 60_000;

interface RendererOptions {
  /** Maximum milliseconds for one text. */
  deadline: number;
  /** Module that the threads run. */
  thread: URL;
}

const DEFAULTS: RendererOptions = {
  // Several times as long as the worst text takes on a slow machine.
  deadline: 10_000,
  thread: new URL(`../lib/markdown-thread${extname(import.meta.url)}`, import.meta.url),
};

export function createRenderer({ deadline, thread }: RendererOptions = DEFAULTS) {
  // Threads start on demand, and do not keep the process alive.
  const pool = new Piscina<string, RenderedMarkdown>({
    filename: thread.href,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
  });
  pool.on('error', (error: Error) => process.emitWarning(error));
  // The pool's own queue is not FIFO, and stalls when its last thread is aborted.
  const limit = pLimit(THREADS);

  async function renderInThread(source: string): Promise<RenderedMarkdown> {
    const signal = AbortSignal.timeout(deadline);
    // A thread that fails to start has no task to reject; the pool only emits an error.
    const over = new AbortController();
    const broken = once(pool, 'error', { signal: over.signal }).then(([error]) =>
      Promise.reject(error),
    );
    try {
      return await Promise.race([pool.run(source, { signal }), broken]);
    } catch (error) {
      if (signal.aborted) throw new ApiError('too_busy', { cause: error });
      throw error;
    } finally {
      over.abort();
    }
  }

  return async (source: string): Promise<RenderedMarkdown> => {
    if (source.length <= MAX_RENDERED_AT_ONCE) return renderMarkdown(source);
    if (limit.pendingCount >= MAX_WAITING) throw new ApiError('too_busy');
    return limit(() => renderInThread(source));
  };
}

/**
 * Same as `renderMarkdown`, but renders long texts in a worker thread, so that other requests do
 * not wait for them. Call it outside of transactions, which it would keep open.
 *
 * @throws ApiError too_busy if too many texts are waiting, or if this one exceeds the time limit
 */
export const render = createRenderer();
