import fp from 'fastify-plugin';

/** Milliseconds between two flushes. */
const FLUSH_INTERVAL_MS = 5000;

/** Writes that wait in memory until many of them are written in one statement. */
export interface WriteBuffer {
  /** Writes everything that waits. Never throws: what cannot be written keeps waiting. */
  flush(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Flushes the buffer every few seconds while the app listens, and before the pool is closed. */
    writeBehind(buffer: WriteBuffer): void;
    /** Flushes every buffer now. */
    flushWrites(): Promise<void>;
  }
}

/** Writes in batches what single requests only count, so that reading never writes. */
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
