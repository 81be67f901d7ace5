import { once } from 'node:events';
import { extname } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { Piscina } from 'piscina';
import type { Context } from '#src/access/context.js';
import { ApiError, InvalidRequest } from '#src/errors.js';
import { validationMessage } from '#src/lib/messages/index.js';
import { maxHtmlBytes, type RenderedMarkdown, renderMarkdown } from './markdown.js';
import type { RenderingTask } from './markdown-thread.js';

/**
 * Maximum characters rendered on the main thread. The worst known text of this length takes ten
 * milliseconds; the time of nested brackets is quadratic.
 */
export const MAX_RENDERED_AT_ONCE = 1000;

/** Possible code blocks, wherever they are nested. Highlighting is far slower than anything else. */
const CODE = /`{3}|~{3}|\t| {4}/;

const THREADS = 2;

/** What is added to the nice value of the threads, so that requests get the processor first. */
const NICE_INCREMENT = 10;

/**
 * Maximum number of waiting texts; beyond it, calls fail at once instead of waiting for ten others.
 */
const MAX_WAITING = 20;

/**
 * Maximum number of texts of one client, of which one is rendered at a time and the others wait.
 */
const MAX_PER_CLIENT = 4;

/** Milliseconds after which an idle thread ends and frees its memory. */
const IDLE_MS = 60_000;

interface RendererOptions {
  /** Maximum milliseconds for one text. A text waits at most twice as long for its turn. */
  deadline: number;
  /** Module that the threads run. */
  thread: URL;
  /** Maximum size of a thread's heap in MiB. */
  memory: number;
}

const DEFAULTS: RendererOptions = {
  // Several times as long as the worst text takes on a slow machine.
  deadline: 10_000,
  thread: new URL(`./markdown-thread${extname(import.meta.url)}`, import.meta.url),
  // The worst text needs about 100.
  memory: 192,
};

interface RenderSettings {
  /** Whose text it is; the texts of one client are rendered one after another. */
  client?: string | undefined;
  /** Maximum size of the HTML in bytes; default: not limited. */
  maxBytes?: number;
}

/** Whether the text is rendered on the main thread, because this takes a few milliseconds. */
export function isRenderedAtOnce(source: string): boolean {
  return source.length <= MAX_RENDERED_AT_ONCE && !CODE.test(source);
}

export function createRenderer(options: Partial<RendererOptions> = {}) {
  const { deadline, thread, memory } = { ...DEFAULTS, ...options };
  // Threads start on demand, and do not keep the process alive.
  const pool = new Piscina<RenderingTask, RenderedMarkdown | null>({
    filename: thread.href,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    niceIncrement: NICE_INCREMENT,
    resourceLimits: { maxOldGenerationSizeMb: memory },
  });
  pool.on('error', (error: Error) => process.emitWarning(error));
  // The pool's own queue is not FIFO, and stalls when its last thread is aborted.
  const limit = pLimit(THREADS);
  /** The texts of each client that are being rendered or waiting. */
  const clients = new Map<string, { inTurn: LimitFunction; texts: number }>();

  async function renderInThread(task: RenderingTask): Promise<RenderedMarkdown | null> {
    const signal = AbortSignal.timeout(deadline);
    // A thread that fails to start has no task to reject; the pool only emits an error.
    const over = new AbortController();
    const broken = once(pool, 'error', { signal: over.signal }).then(([error]) =>
      Promise.reject(error),
    );
    try {
      return await Promise.race([pool.run(task, { signal }), broken]);
    } catch (error) {
      if (signal.aborted || isOutOfMemory(error)) throw new ApiError('too_busy', { cause: error });
      throw error;
    } finally {
      over.abort();
    }
  }

  function renderLater(task: RenderingTask, latest: number): Promise<RenderedMarkdown | null> {
    if (limit.pendingCount >= MAX_WAITING) throw new ApiError('too_busy');
    return limit(() => {
      if (performance.now() > latest) throw new ApiError('too_busy');
      return renderInThread(task);
    });
  }

  async function ofClient<T>(client: string, work: () => Promise<T>): Promise<T> {
    const own = clients.get(client) ?? { inTurn: pLimit(1), texts: 0 };
    if (own.texts >= MAX_PER_CLIENT) {
      throw new ApiError('too_many_requests');
    }
    own.texts += 1;
    clients.set(client, own);
    try {
      return await own.inTurn(work);
    } finally {
      own.texts -= 1;
      if (own.texts === 0) clients.delete(client);
    }
  }

  return async (
    source: string,
    { client, maxBytes = Infinity }: RenderSettings = {},
  ): Promise<RenderedMarkdown | null> => {
    const task = { source, maxBytes };
    if (isRenderedAtOnce(source)) return renderMarkdown(source, maxBytes);
    const latest = performance.now() + 2 * deadline;
    const work = async () => renderLater(task, latest);
    return client === undefined ? work() : ofClient(client, work);
  };
}

/**
 * Same as `renderMarkdown`, but renders long texts, and those with code, in a worker thread, so
 * that other requests do not wait for them.
 */
export const render = createRenderer();

/** Whose text is rendered. */
export type Client = Pick<Context, 'viewer' | 'address'>;

/** A text of a request, and what its HTML may be. */
export interface TextToRender {
  /** Name of the text in the body of the request, for the error. */
  field: string;
  text: string;
  /** Maximum size of the HTML in bytes, for a text of any length. */
  most: number;
}

/**
 * Renders a text of a request, for at most half a minute. Call it outside of transactions, which it
 * would keep open.
 *
 * @throws InvalidRequest if the HTML would be too large for its source; ApiError too_busy if too
 *   many texts are waiting, or if this one exceeds a limit on time or memory; too_many_requests if
 *   too many texts of the same client are waiting
 */
export async function renderText(
  { viewer, address }: Client,
  { field, text, most }: TextToRender,
): Promise<RenderedMarkdown> {
  const maxBytes = maxHtmlBytes(text, most);
  const client = viewer === null ? (address ?? undefined) : `user ${viewer.id}`;
  const rendered = await render(text, { client, maxBytes });
  if (rendered !== null) return rendered;
  const ctx = { max_length: maxBytes };
  const msg = validationMessage('en', HTML_TOO_LONG, ctx);
  throw new InvalidRequest([{ type: HTML_TOO_LONG, loc: ['body', field], msg, input: text, ctx }]);
}

const HTML_TOO_LONG = 'html_too_long';

/** Whether the error says that the HTML of a text would be too large. */
export function isHtmlTooLong(error: unknown): boolean {
  return error instanceof InvalidRequest && error.items.some(({ type }) => type === HTML_TOO_LONG);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/**
 * A text turned out to be new only in the transaction, in which it must not be rendered: render it,
 * and begin again.
 */
export class NotRenderedError extends Error {
  readonly text: string;

  constructor(text: string) {
    super('The text has to be rendered first');
    this.text = text;
  }
}
