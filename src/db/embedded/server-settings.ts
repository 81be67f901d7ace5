import { createHash } from 'node:crypto';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** For a database that shares a laptop with everything else. */
const DEFAULTS: Record<string, string> = {
  max_connections: '100',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

/** Loses committed rows when the machine (not merely the server) goes down. */
const NOT_DURABLE: Record<string, string> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** What the launcher itself depends on, for finding the server or for its protection. */
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

/** The setting in which a running server tells what it was started with. */
export const LAUNCH_SETTING = 'althing.launch';

/**
 * All settings that do not depend on the address, with `LAUNCH_SETTING` among them: it is equal for
 * two servers exactly when the others and the binaries' version are.
 *
 * @throws {EmbeddedPostgresError} for a setting that the launcher keeps to itself.
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

/** The name by which the processes of the server on a data directory are told from others. */
export function clusterName(cluster: string): string {
  return `althing-${createHash('sha256').update(cluster).digest('hex').slice(0, 8)}`;
}
