import { once } from 'node:events';
import { WebSocket } from 'ws';

/** The connections that the parent process wants. */
export interface ClientsTask {
  url: string;
  /** A token and a topic for each connection. */
  connections: { token: string; topic: string }[];
}

/** The events that the clients have received. */
export interface ClientsReport {
  /** Events by topic, of each connection. */
  received: [topic: string, events: number][];
  /** Connections that got an event twice, or out of order. */
  disordered: number;
  /** Connections that have ended. */
  closed: number;
  /** Connections that were told to read everything again. */
  resynced: number;
  /** Milliseconds between a change and its arrival. */
  latencies: number[];
}

/** Connections that are opened at a time. */
const AT_ONCE = 50;

/** Every how many events the latency is kept. */
const SAMPLED = 7;

interface Client {
  topic: string;
  events: number;
  lastId: number;
  isDisordered: boolean;
  isClosed: boolean;
  isResynced: boolean;
}

/** How a message of an event begins; its id follows. */
const EVENT = '{"type":"event","event":{"id":';

const clients: Client[] = [];
const latencies: number[] = [];
let count = 0;

async function open(url: string, token: string, topic: string): Promise<void> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const client: Client = {
    topic,
    events: 0,
    lastId: 0,
    isDisordered: false,
    isClosed: false,
    isResynced: false,
  };
  clients.push(client);
  const subscribed = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const text = String(data);
      // Most of the processor time of the clients would be that of JSON.
      if (text.startsWith(EVENT)) return take(client, text);
      const { type } = JSON.parse(text);
      if (type === 'subscribed') resolve();
      if (type === 'resync') client.isResynced = true;
      if (type === 'error') throw new Error(text);
    });
  });
  socket.on('close', () => {
    client.isClosed = true;
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', topics: [topic] }));
  await subscribed;
}

function take(client: Client, text: string): void {
  const id = Number.parseInt(text.slice(EVENT.length, EVENT.length + 16), 10);
  client.events += 1;
  if (id <= client.lastId) client.isDisordered = true;
  client.lastId = id;
  count += 1;
  if (count % SAMPLED === 0) {
    latencies.push(Date.now() - Number(JSON.parse(text).event.changes.summary));
  }
}

process.on('message', async (task: ClientsTask | 'report') => {
  if (task === 'report') {
    const report: ClientsReport = {
      received: clients.map(({ topic, events }) => [topic, events]),
      disordered: clients.filter(({ isDisordered }) => isDisordered).length,
      closed: clients.filter(({ isClosed }) => isClosed).length,
      resynced: clients.filter(({ isResynced }) => isResynced).length,
      latencies,
    };
    process.send?.(report, () => process.exit(0));
    return;
  }
  for (let first = 0; first < task.connections.length; first += AT_ONCE) {
    const some = task.connections.slice(first, first + AT_ONCE);
    await Promise.all(some.map(({ token, topic }) => open(task.url, token, topic)));
  }
  process.send?.('ready');
});
