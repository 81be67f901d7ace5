import pg from 'pg';
import { errorCode } from './embedded-postgres-error.js';
import { LAUNCH_SETTING } from './server-settings.js';
import { DATABASE, type ServerAddress, serverUrl } from './server-url.js';

const TIMEOUT_MS = 5000;

/** Facts that a running server reports about itself. */
export interface ServerFacts {
  readonly dataDirectory: string;
  /** The server's `LAUNCH_SETTING`, or null. */
  readonly launch: string | null;
}

/**
 * Queries the server at an address. Creates the service's database if missing, because the process
 * that created the cluster may have been killed before creating it.
 *
 * @throws the driver's error if the server cannot be reached or refuses connections
 */
export async function askServer(address: ServerAddress): Promise<ServerFacts> {
  try {
    return await query(address, DATABASE, describe);
  } catch (error) {
    // 3D000 invalid_catalog_name
    if (errorCode(error) !== '3D000') throw error;
  }
  await query(address, 'postgres', (client) => client.query(`CREATE DATABASE ${DATABASE}`));
  return query(address, DATABASE, describe);
}

async function describe(client: pg.Client): Promise<ServerFacts> {
  const { rows } = await client.query<{ directory: string; launch: string | null }>(
    "SELECT current_setting('data_directory') AS directory, current_setting($1, true) AS launch",
    [LAUNCH_SETTING],
  );
  return { dataDirectory: rows[0]?.directory ?? '', launch: rows[0]?.launch ?? null };
}

async function query<T>(
  address: ServerAddress,
  database: string,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: serverUrl(address, database),
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: database === DATABASE ? TIMEOUT_MS : 60_000,
  });
  // A lost connection is reported here as well as to the query.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether a server listens at the address, even if it does not accept connections yet. */
export async function isListening(address: ServerAddress): Promise<boolean> {
  try {
    await askServer(address);
    return true;
  } catch (error) {
    return !['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTSOCK'].includes(errorCode(error));
  }
}
