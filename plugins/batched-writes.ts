import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fp from 'fastify-plugin';

/**
 * Sends the responses that are ready in one turn of the event loop one right after another, at its
 * end. A client that waits is woken up by each packet, which the sender pays for; packets that
 * follow each other at once find it awake. Of a short response, this takes half of the system time.
 *
 * Node corks a connection while it writes a response with a body, `LeanResponse` any other one, and
 * both uncork it at the end of the response; here that waits for the end of the turn.
 */
export default fp(
  async (app) => {
    let held: (() => void)[] = [];
    let isClosing = false;
    const sendAll = () => {
      const sends = held;
      held = [];
      for (const send of sends) send();
    };

    // A closing server destroys connections that have nothing to do, as far as it knows.
    app.addHook('preClose', async () => {
      isClosing = true;
      sendAll();
    });

    /** Ends the batching of a connection. */
    const known = new WeakMap<Duplex, () => void>();
    app.server.on('connection', (socket: Socket) => {
      // The server emits it again for a request whose upgrade it ignores.
      if (known.has(socket)) return;
      const uncork = socket.uncork.bind(socket);
      let isHeld = false;
      const send = () => {
        isHeld = false;
        for (let count = socket.writableCorked; count > 0; count -= 1) uncork();
      };
      socket.uncork = () => {
        if (isClosing) return uncork();
        if (isHeld) return;
        isHeld = true;
        if (held.push(send) === 1) setImmediate(sendAll);
      };
      known.set(socket, () => {
        socket.uncork = uncork;
        if (isHeld) send();
      });
    });
    // A WebSocket may be destroyed right after its last message. Only if there are any: with a
    // listener, Node would leave the answer to every request for an upgrade to it.
    app.addHook('onReady', async () => {
      if (app.server.listenerCount('upgrade') === 0) return;
      app.server.prependListener('upgrade', (_request, socket) => known.get(socket)?.());
    });
  },
  { name: 'batched-writes' },
);
