import fp from 'fastify-plugin';

/** Milliseconds between two flushes. */
const FLUSH_INTERVAL_MS = 5000;

/** A buffer of writes in memory, which are written in batches. */
export interface WriteBuffer {
  /** Writes all buffered changes. Never throws: what cannot be written stays buffered. */
  flush(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Flushes the buffer every few seconds while the app listens, and before the pool is closed.
     */
    writeBehind(buffer: WriteBuffer): void;
    /** Flushes all buffers now. */
    flushWrites(): Promise<void>;
  }
}

/** Writes in batches what requests buffer, so that reading never writes. */
export default fp(
  async (app) => {
    const buffers: WriteBuffer[] = [];
    const flush = async () => {
      await Promise.all(buffers.map((buffer) => buffer.flush()));
    };
    app.decorate('writeBehind', (buffer: WriteBuffer) => {
      buffers.push(buffer);
    });
    app.decorate('flushWrites', flush);

    let timer: NodeJS.Timeout | undefined;
    app.addHook('onListen', async () => {
      timer = setInterval(flush, FLUSH_INTERVAL_MS).unref();
    });
    // The last request has been answered, and the pool is still open.
    app.addHook('onClose', async () => {
      clearInterval(timer);
      await flush();
    });
  },
  { name: 'write-behind', dependencies: ['postgres'] },
);
