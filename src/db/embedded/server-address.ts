import { createServer } from 'node:net';
import type { ClusterLocation } from './cluster-location.js';
import { readPassword } from './create-cluster.js';
import { readPostmasterFile } from './postmaster-file.js';
import { type ServerAddress, USES_TCP } from './server-url.js';
import { isPrivateDirectory, prepareSocketDirectory, SOCKET_PORT } from './socket-directory.js';

/**
 * The settings that make a server listen where only we look for it. Call it only while no server
 * runs on the data directory.
 *
 * @param temporarySocket as in `prepareSocketDirectory`
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
    // The setting is a list; in quotes a comma belongs to the path.
    unix_socket_directories: `"${directory.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: String(SOCKET_PORT),
  };
}

/** Where the server that wrote `postmaster.pid` listens; null when that says nothing we trust. */
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
