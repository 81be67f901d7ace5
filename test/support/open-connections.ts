import type { Server } from 'node:http';

/** Returns the number of connections that a server has open. */
export function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
