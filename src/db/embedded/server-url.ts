/** PostgreSQL's superuser, used by the service. */
export const SUPERUSER = 'althing';

/** The database that exists once the server has started. */
export const DATABASE = 'althing';

/** PostgreSQL for Windows supports Unix sockets, but Node only opens named pipes there. */
export const USES_TCP = process.platform === 'win32';

/** The address of a running server. */
export type ServerAddress =
  | { readonly socketDirectory: string; readonly port: number }
  | { readonly port: number; readonly password: string };

/**
 * Returns a connection string for node-postgres and libpq. It always contains port and sslmode,
 * which PGPORT and PGSSLMODE would otherwise override.
 */
export function serverUrl(address: ServerAddress, database: string): string {
  if ('socketDirectory' in address) {
    const host = encodeURIComponent(address.socketDirectory);
    return `postgresql://${SUPERUSER}@localhost:${address.port}/${database}?host=${host}&sslmode=disable`;
  }
  const { password, port } = address;
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
}
