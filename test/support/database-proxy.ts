import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import type { Test } from 'tap';

export interface DatabaseProxy {
  url: string;
  /** Stops forwarding in both directions, without closing connections. */
  stall(): void;
  /** Whether notifications are dropped; everything else is still forwarded. */
  isDeaf: boolean;
  /** Returns all bytes sent to the database, decoded as Latin-1. */
  sent(): string;
}

/**
 * The type byte of a NotificationResponse
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
const NOTIFICATION = 'A'.charCodeAt(0);

/** Starts a proxy in front of the database that can fail silently; it ends with the test. */
export async function startDatabaseProxy(t: Test, databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const socketFolder = target.searchParams.get('host');
  const sockets = new Set<Socket>();
  let sent = '';
  const server = createServer((near) => {
    const far =
      socketFolder === null
        ? connect(Number(target.port), target.hostname)
        : connect(`${socketFolder}/.s.PGSQL.5432`);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    near.on('data', (chunk) => {
      sent += chunk.toString('latin1');
    });
    near.pipe(far);
    far.pipe(messages((type) => type !== NOTIFICATION || !proxy.isDeaf)).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const proxy: DatabaseProxy = {
    url: url.href,
    isDeaf: false,
    sent: () => sent,
    stall() {
      for (const socket of sockets) socket.pause();
    },
  };
  return proxy;
}

/** Returns a stream that forwards only complete messages of the wanted types. */
function messages(isWanted: (type: number) => boolean): Transform {
  let rest = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5) {
        const end = 1 + rest.readInt32BE(1);
        if (rest.length < end) break;
        if (isWanted(rest.readUInt8(0))) this.push(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
      done();
    },
  });
}
