import { createServer } from 'node:net';
import type { ClusterLocation } from './cluster-location.js';
import { readPassword } from './create-cluster.js';
import { readPostmasterFile } from './postmaster-file.js';
import { type ServerAddress, USES_TCP } from './server-url.js';
import { isPrivateDirectory, prepareSocketDirectory, SOCKET_PORT } from './socket-directory.js';

/**
 * Returns settings that make the server listen only where the service connects. Must be called
 * while no server runs on the data directory.
 *
 * @param temporarySocket see `prepareSocketDirectory`
 */
export async function addressSettings(
  location: ClusterLocation,
  temporarySocket: boolean,
): Promise<Record<string, string>> {
  if (USES_TCP) {
    const port = String(await freePort());
    return { listen_addresses: '127.0.0.1', unix_socket_directories: '', port };
  }
  const directory = await prepareSocketDirectory(location, temporarySocket);
  return {
    listen_addresses: '',
    // The setting is a list; quotes keep a comma part of the path.
    unix_socket_directories: `"${directory.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: String(SOCKET_PORT),
  };
}

/** Returns the address of the server that wrote `postmaster.pid`, or null without a trusted one. */
export async function serverAddress(location: ClusterLocation): Promise<ServerAddress | null> {
  const file = await readPostmasterFile(location.cluster);
  if (file === null) return null;
  const { port, socketDirectory } = file;
  if (socketDirectory !== '') {
    return (await isPrivateDirectory(socketDirectory, location)) ? { socketDirectory, port } : null;
  }
  const password = await readPassword(location.home);
  return password === null ? null : { port, password };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', fail).listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
