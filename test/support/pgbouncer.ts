import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

const NOBODY = 65534;

const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin'];

/** The program, or undefined where it is not installed. */
export const PGBOUNCER = FOLDERS.map((folder) => join(folder, 'pgbouncer')).find(existsSync);

/**
 * Starts PgBouncer in transaction mode in front of a database; it ends with the test.
 *
 * @returns the URL of the database behind it
 */
export async function startPgBouncer(t: Test, databaseUrl: string): Promise<string> {
  const { username, password, hostname, port, pathname, searchParams } = new URL(databaseUrl);
  const socketFolder = searchParams.get('host');
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const server = {
    host: socketFolder ?? hostname,
    port: port || '5432',
    dbname: pathname.slice(1),
    user: decodeURIComponent(username),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
  const listenPort = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    [
      '[databases]',
      `pooled = ${Object.entries(server)
        .map(([name, value]) => `${name}='${value.replaceAll("'", "''")}'`)
        .join(' ')}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${listenPort}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 20',
      'max_client_conn = 200',
      'ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout',
    ].join('\n'),
    { mode: 0o600 },
  );
  // It refuses to run as root, and must be able to enter the folder of the socket.
  const uid = socketFolder === null ? NOBODY : statSync(socketFolder).uid || NOBODY;
  const account = process.getuid?.() === 0 ? { uid, gid: uid } : {};
  if ('uid' in account) {
    await chown(folder, uid, uid);
    await chown(config, uid, uid);
  }
  const child = spawn(PGBOUNCER ?? 'pgbouncer', [config], { ...account, stdio: 'pipe' });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  child.stdout.resume();
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGQUIT');
    await ended;
  });
  while (!(await accepts(listenPort))) {
    if (child.exitCode !== null) throw new Error(`PgBouncer does not start: ${output}`);
    await sleep(20);
  }
  return `postgresql://${username}@127.0.0.1:${listenPort}/pooled`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
