import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { type Service, withService } from '#bench/service.js';
import { median, p99 } from '#bench/side-by-side.js';
import { hashPassword } from '#src/people/services/passwords.js';
import type { ClientsReport, ClientsTask } from './clients.js';

const PASSWORD = 'BenchPass123!';
const TOPICS = 100;

/** Users who listen; each may have 20 connections. */
const USERS = 100;

/** Milliseconds that the last events may take to arrive. */
const PATIENCE_MS = 5000;

interface Options {
  connections: number;
  changes: number;
  seconds: number;
}

/** Where the connections listen. */
type Audience = 'nobody' | 'a hundred topics' | 'one topic';

/** `live`: measures how events reach many connections. */
export function benchLive(): Command {
  return new Command('live')
    .description(
      'changes that reach many WebSockets: what is lost, how late it is, memory and processor time',
    )
    .option('--connections <n>', 'open WebSockets', Number, 2000)
    .option('--changes <n>', 'changes per second', Number, 100)
    .option('--seconds <n>', 'how long changes are made', Number, 60)
    .action(async (options: Options) => {
      const audiences: Audience[] = ['nobody', 'a hundred topics', 'one topic'];
      let alone: number | undefined;
      for (const audience of audiences) {
        const used = await withService(
          fill,
          (service) => measure(service, audience, options, alone),
          { LOGIN_RATE_LIMIT: '1000000', MAX_CONNECTIONS: '10000' },
        );
        alone ??= used;
      }
    });
}

async function fill(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const hash = await hashPassword(PASSWORD);
  await client.query(
    `insert into users (username, username_folded, password_hash, permissions)
     select 'user_' || n, 'user_' || n, $1, 15 from generate_series(0, $2::integer) n`,
    [hash, USERS],
  );
  await client.end();
}

/** Returns the processor time of the service per change in microseconds. */
async function measure(
  service: Service,
  audience: Audience,
  { connections, changes, seconds }: Options,
  alone: number | undefined,
): Promise<number> {
  const editor = await tokenOf(service.origin, 0);
  const posts: number[] = [];
  for (let index = 0; index < TOPICS; index += 1) posts.push(await createPost(service, editor));
  const before = await service.memory();
  const clients =
    audience === 'nobody' ? null : await connect(service, audience, posts, connections);
  const during = await service.memory();
  const begin = service.processorTime();
  const made = await makeChanges(service, editor, posts, changes * seconds, changes);
  const used = ((service.processorTime() - begin) * 1_000_000) / (changes * seconds);
  const ratio = alone === undefined ? '' : `, ${(used / alone).toFixed(2)} times that with nobody`;
  console.log(
    `${audience}: ${changes * seconds} changes in ${made.toFixed(1)} s on ` +
      `${availableParallelism()} cores, ${used.toFixed(0)} µs of the service each${ratio}`,
  );
  if (clients === null) return used;
  const report = await reportOf(clients);
  const received = report.received.reduce((sum, [, events]) => sum + events, 0);
  const expected =
    audience === 'one topic'
      ? connections * changes * seconds
      : (connections / TOPICS) * changes * seconds;
  console.log(
    `  ${received} of ${expected} events arrived, ${report.disordered} connections out of order, ` +
      `${report.interrupted} interrupted; median ${median(report.latencies).toFixed(0)} ms, ` +
      `p99 ${p99(report.latencies).toFixed(0)} ms; ` +
      `${((during - before) / connections / 1024).toFixed(1)} KiB of memory per connection`,
  );
  return used;
}

/** Makes changes of posts in turn, so many per second. Returns the seconds that it took. */
async function makeChanges(
  { origin }: Service,
  token: string,
  posts: readonly number[],
  total: number,
  perSecond: number,
): Promise<number> {
  const begin = performance.now();
  const running = new Set<Promise<void>>();
  for (let count = 0; count < total; count += 1) {
    const wait = begin + (count * 1000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const change = (async () => {
      const post = posts[count % posts.length];
      const body = JSON.stringify({ summary: String(Date.now()) });
      await send(`${origin}/api/v1/posts/${post}`, 'PATCH', token, body);
    })();
    running.add(change);
    const end = () => running.delete(change);
    change.then(end, end);
    if (running.size > 50) await Promise.race(running);
  }
  await Promise.all(running);
  return (performance.now() - begin) / 1000;
}

async function connect(
  { origin }: Service,
  audience: Audience,
  posts: readonly number[],
  connections: number,
): Promise<ChildProcess> {
  const tokens: string[] = [];
  for (let user = 1; user <= USERS; user += 1) tokens.push(await tokenOf(origin, user));
  const child = fork(new URL('./clients.ts', import.meta.url));
  const task: ClientsTask = {
    url: `${origin.replace('http', 'ws')}/api/v1/ws`,
    connections: Array.from({ length: connections }, (_, index) => ({
      token: tokens[index % USERS] ?? '',
      topic: audience === 'one topic' ? 'posts' : `post:${posts[index % TOPICS]}`,
    })),
  };
  child.send(task);
  await once(child, 'message');
  return child;
}

/** Returns the report when all events can have arrived. */
async function reportOf(child: ChildProcess): Promise<ClientsReport> {
  await sleep(PATIENCE_MS);
  child.send('report');
  const [report] = (await once(child, 'message')) as [ClientsReport];
  return report;
}

async function createPost({ origin }: Service, token: string): Promise<number> {
  const body = JSON.stringify({ title: 'Live', content: 'Words.', status: 'published' });
  return (await send(`${origin}/api/v1/posts`, 'POST', token, body)).id;
}

async function tokenOf(origin: string, user: number): Promise<string> {
  const body = new URLSearchParams({ username: `user_${user}`, password: PASSWORD });
  const response = await fetch(`${origin}/api/v1/auth/token`, { method: 'POST', body });
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

async function send(
  url: string,
  method: string,
  token: string,
  body: string,
): Promise<{ id: number }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body });
  if (!response.ok) throw new Error(`${url} was answered ${response.status}`);
  return (await response.json()) as { id: number };
}
