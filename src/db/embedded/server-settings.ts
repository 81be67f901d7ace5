import { createHash } from 'node:crypto';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** Suitable for a database that shares a laptop with other programs. */
const DEFAULTS: Record<string, string> = {
  max_connections: '100',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

/** Committed rows may be lost if the machine, not merely the server, crashes. */
const NOT_DURABLE: Record<string, string> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Settings that the launcher needs to find or protect the server. */
const RESERVED = new Set([
  'cluster_name',
  'config_file',
  'data_directory',
  'external_pid_file',
  'hba_file',
  'ident_file',
  'listen_addresses',
  'log_destination',
  'logging_collector',
  'port',
  'ssl',
  'unix_socket_directories',
  'unix_socket_group',
  'unix_socket_permissions',
]);

/** Setting that identifies the settings a running server was started with. */
export const LAUNCH_SETTING = 'althing.launch';

/**
 * Returns all settings except the address, including `LAUNCH_SETTING`, a hash of the other settings
 * and the binaries' version.
 *
 * @throws {EmbeddedPostgresError} if `settings` contains a reserved or malformed name
 */
export function serverSettings(
  version: string,
  durable: boolean,
  settings: Record<string, string>,
): Record<string, string> {
  for (const name of Object.keys(settings)) {
    if (RESERVED.has(name.toLowerCase()) || !/^[a-z_][\w.]*$/i.test(name)) {
      throw new EmbeddedPostgresError(
        `the embedded PostgreSQL does not take the setting "${name}": leave it out, or set DATABASE_URL to use a PostgreSQL server of your own`,
      );
    }
  }
  const all = { ...DEFAULTS, ...(durable ? {} : NOT_DURABLE), ...settings };
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256')
    .update(JSON.stringify([version, sorted]))
    .digest('hex');
  return { ...all, [LAUNCH_SETTING]: hash.slice(0, 16) };
}

/** Returns the name that identifies the processes of the server on a data directory. */
export function clusterName(cluster: string): string {
  return `althing-${createHash('sha256').update(cluster).digest('hex').slice(0, 8)}`;
}
