/** PostgreSQL's superuser, which the service connects as. */
export const SUPERUSER = 'althing';

/** The database that is there once the server has started. */
export const DATABASE = 'althing';

/** PostgreSQL for Windows takes sockets, but Node opens only named pipes there. */
export const USES_TCP = process.platform === 'win32';

/** Where a running server listens. */
export type ServerAddress =
  | { readonly socketDirectory: string; readonly port: number }
  | { readonly port: number; readonly password: string };

/**
 * The connection string of a database on the server, for node-postgres and libpq alike. Port and
 * sslmode are always in it, because PGPORT and PGSSLMODE of the environment would count otherwise.
 */
export function serverUrl(address: ServerAddress, database: string): string {
  if ('socketDirectory' in address) {
    const host = encodeURIComponent(address.socketDirectory);
    return `postgresql://${SUPERUSER}@localhost:${address.port}/${database}?host=${host}&sslmode=disable`;
  }
  const { password, port } = address;
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
}
