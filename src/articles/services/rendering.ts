import { once } from 'node:events';
import { extname } from 'node:path';
import pLimit from 'p-limit';
import { Piscina } from 'piscina';
import { type RenderedMarkdown, renderMarkdown } from '#src/articles/lib/markdown.js';
import { ApiError } from '#src/errors.js';

/** Characters that are rendered where they are: the worst take a twentieth of a second. */
export const MAX_RENDERED_AT_ONCE = 5000;

const THREADS = 2;

/** Who comes later would wait for the worst of ten others, and had better be told so at once. */
const MAX_WAITING = 20;

/** A thread that nothing is asked of gives its memory back. */
const IDLE_MS = 60_000;

interface RendererOptions {
  /** Milliseconds that one text may take. */
  deadline: number;
  /** The module that a thread runs. */
  thread: URL;
}

const STANDARD: RendererOptions = {
  // Several times what the worst text takes on a slow machine.
  deadline: 10_000,
  thread: new URL(`../lib/markdown-thread${extname(import.meta.url)}`, import.meta.url),
};

export function createRenderer({ deadline, thread }: RendererOptions = STANDARD) {
  // Threads start when there is work, and keep no process from ending.
  const pool = new Piscina<string, RenderedMarkdown>({
    filename: thread.href,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
  });
  pool.on('error', (error: Error) => process.emitWarning(error));
  // The pool's own queue is not in order, and stands still when its last thread is given up.
  const limit = pLimit(THREADS);

  async function renderInThread(source: string): Promise<RenderedMarkdown> {
    const signal = AbortSignal.timeout(deadline);
    // A thread that does not even start has no work yet that it could refuse.
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
 * As `renderMarkdown`; what is long is rendered in a thread of its own, so that no other request
 * waits for it. To be called outside of transactions, which would be held open meanwhile.
 *
 * @throws ApiError too_busy if too many are waiting already, or if it takes longer than any text may
 */
export const render = createRenderer();
