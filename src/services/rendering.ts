import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { ApiError } from '../errors.js';
import { type RenderedMarkdown, renderMarkdown } from '../lib/markdown.js';

/** Characters that are rendered where they are: the worst take a fiftieth of a second. */
export const MAX_RENDERED_AT_ONCE = 2000;

/** Several times what the worst text takes on a slow machine. */
const DEADLINE_MS = 20_000;

const THREADS = 2;

/** Who comes later would wait for too long, and had better be told so at once. */
const MAX_WAITING = 64;

/** A thread that nothing is asked of gives its memory back. */
const IDLE_MS = 60_000;

/** @param deadline milliseconds, waiting for a thread included */
export function createRenderer(deadline: number) {
  // Threads start when there is work, and keep no process from ending.
  const pool = new Piscina<string, RenderedMarkdown>({
    filename: new URL(`../lib/markdown-thread${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
  });
  // What became of a thread without work; one with work refuses its work.
  pool.on('error', (error: Error) => process.emitWarning(error));

  return async (source: string): Promise<RenderedMarkdown> => {
    if (source.length <= MAX_RENDERED_AT_ONCE) return renderMarkdown(source);
    if (pool.queueSize >= MAX_WAITING) throw new ApiError('too_busy');
    const signal = AbortSignal.timeout(deadline);
    try {
      return await pool.run(source, { signal });
    } catch (error) {
      if (signal.aborted) throw new ApiError('too_busy', { cause: error });
      throw error;
    }
  };
}

/**
 * As `renderMarkdown`; what is long is rendered in a thread of its own, so that no other request
 * waits for it. To be called outside of transactions, which would be held open meanwhile.
 *
 * @throws ApiError too_busy if too many are waiting already, or if it takes longer than any text may
 */
export const render = createRenderer(DEADLINE_MS);
