import type { FastifyPluginAsync } from 'fastify';
import { Connections } from './connections.js';
import socket, { type LiveSocketOptions } from './socket.js';
import stream from './stream.js';

/** Live updates, over a WebSocket or as server-sent events. */
const routes: FastifyPluginAsync<Omit<LiveSocketOptions, 'connections'>> = async (
  app,
  { origins, limits },
) => {
  const connections = new Connections();
  await app.register(socket, { connections, origins, limits });
  await app.register(stream, { connections });
};

export default routes;
