import pg from 'pg';
import { errorCode } from './embedded-postgres-error.js';
import { LAUNCH_SETTING } from './server-settings.js';
import { DATABASE, type ServerAddress, serverUrl } from './server-url.js';

const TIMEOUT_MS = 5000;

/** What a server that accepts connections says about itself. */
export interface ServerFacts {
  readonly dataDirectory: string;
  /** The `LAUNCH_SETTING` it was started with, or null. */
  readonly launch: string | null;
}

/**
 * Asks the server at an address who it is. Makes the service's database when it is missing: the
 * process that created the cluster may have been killed before.
 *
 * @throws the driver's error when the server cannot be reached or takes no connections.
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
  // A server that dies under the connection reports it here as well as to the query.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether anything answers at the address, be it that it takes no connections yet. */
export async function isListening(address: ServerAddress): Promise<boolean> {
  try {
    await askServer(address);
    return true;
  } catch (error) {
    return !['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTSOCK'].includes(errorCode(error));
  }
}
