import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Latencies } from './target.js';

/** Together they stay below the rate limit of one address. */
const ADDRESSES = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);

/** Pause between two rounds, in milliseconds. */
const PAUSE_MS = 25;

const [host = '', port] = process.argv.slice(2);
const target = { host, port: Number(port) };
const clients = ADDRESSES.map((address) => new Client(target, address, 1));
const seen: Latencies = { health: [], reader: [], refused: 0 };

let stopped = false;
process.on('message', () => {
  stopped = true;
});
process.send?.('ready');
for (let round = 0; !stopped; round += 1) {
  const client = clients[round % clients.length];
  const health = await client?.send({ path: '/health' });
  const page = await client?.send({ path: '/api/v1/posts?size=5' });
  if (health?.status === 200) seen.health.push(health.milliseconds);
  else seen.refused += 1;
  if (page?.status === 200) seen.reader.push(page.milliseconds);
  else seen.refused += 1;
  await sleep(PAUSE_MS);
}
for (const client of clients) client.close();
process.send?.(seen);
