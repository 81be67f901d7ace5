import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { type Service, withService } from '#bench/service.js';
import { median, p99 } from '#bench/side-by-side.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import type { ClientsReport, ClientsTask } from './clients.js';

const PROJECTS = 100;

/** Tasks of each project. */
const TASKS = 10;

/** Users who listen; each may have 20 connections. They are members of all projects. */
const USERS = 100;

/** Milliseconds that the last events may take to arrive. */
const PATIENCE_MS = 5000;

interface Options {
  connections: number;
  changes: number;
  seconds: number;
}

/** Where changes are made, and how many connections listen to each of these projects. */
interface Audience {
  name: string;
  projects: number;
  isThere: boolean;
}

const AUDIENCES: Audience[] = [
  { name: 'nobody, a hundred projects', projects: PROJECTS, isThere: false },
  { name: 'a hundred projects', projects: PROJECTS, isThere: true },
  { name: 'nobody, one project', projects: 1, isThere: false },
  { name: 'one project', projects: 1, isThere: true },
];

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
      let alone: number | undefined;
      for (const audience of AUDIENCES) {
        const used = await withService(
          fill,
          (service) => measure(service, audience, options, alone),
          { MAX_CONNECTIONS: '10000' },
        );
        alone = audience.isThere ? undefined : used;
      }
    });
}

async function fill(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `insert into users (username, username_folded, permissions)
     select 'user_' || n, 'user_' || n, 15 from generate_series(1, $1::integer) n`,
    [USERS],
  );
  await client.query(
    `insert into api_keys (user_id, name, prefix, key_hash, scopes)
     select n, 'bench', 'alt_', ($1::bytea[])[n], '{live:read,projects:read,projects:write}'
     from generate_series(1, $2::integer) n`,
    [Array.from({ length: USERS }, (_, index) => hashSecret(keyOf(index + 1))), USERS],
  );
  await client.query(
    `with made as (
       insert into projects (key, name, searched_name, time_zone, last_number)
       select 'LIVE' || n, 'Live', 'live', 'UTC', $3::integer
       from generate_series(1, $1::integer) n returning id, key),
     named as (insert into project_keys (key, project_id) select key, id from made),
     joined as (
       insert into project_members (project_id, user_id, role)
       select made.id, n, 'member' from made, generate_series(1, $2::integer) n)
     insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
     select made.id, n, 'Task', 'task', 'todo', 'a' || n, 'UTC'
     from made, generate_series(1, $3::integer) n`,
    [PROJECTS, USERS, TASKS],
  );
  await client.query('analyze');
  await client.end();
}

function keyOf(user: number): string {
  return `alt_live_${user}`;
}

/** Returns the processor time of the service per change in microseconds. */
async function measure(
  service: Service,
  audience: Audience,
  { connections, changes, seconds }: Options,
  alone: number | undefined,
): Promise<number> {
  const projects = Array.from({ length: audience.projects }, (_, index) => index + 1);
  const paths = await tasksOf(service, projects);
  const before = await service.memory();
  const clients = audience.isThere ? await connect(service, projects, connections) : null;
  const during = await service.memory();
  const begin = service.processorTime();
  const made = await makeChanges(service, paths, changes * seconds, changes);
  const used = ((service.processorTime() - begin) * 1_000_000) / (changes * seconds);
  const ratio = alone === undefined ? '' : `, ${(used / alone).toFixed(2)} times that with nobody`;
  console.log(
    `${audience.name}: ${changes * seconds} changes in ${made.toFixed(1)} s on ` +
      `${availableParallelism()} cores, ${used.toFixed(0)} µs of the service each${ratio}`,
  );
  if (clients === null) return used;
  const report = await reportOf(clients);
  const received = report.received.reduce((sum, [, events]) => sum + events, 0);
  const expected = (connections / projects.length) * changes * seconds;
  console.log(
    `  ${received} of ${expected} events arrived, ${report.disordered} connections out of order, ` +
      `${report.closed} closed, ${report.resynced} told to read again; median ${median(report.latencies).toFixed(0)} ms, ` +
      `p99 ${p99(report.latencies).toFixed(0)} ms; ` +
      `${((during - before) / connections / 1024).toFixed(1)} KiB of memory per connection`,
  );
  return used;
}

/** Makes changes of tasks in turn, so many per second. Returns the seconds that it took. */
async function makeChanges(
  service: Service,
  paths: readonly string[],
  total: number,
  perSecond: number,
): Promise<number> {
  const begin = performance.now();
  const running = new Set<Promise<void>>();
  for (let count = 0; count < total; count += 1) {
    const wait = begin + (count * 1000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const change = (async () => {
      const path = paths[count % paths.length] ?? '';
      await send(service, path, { summary: String(Date.now()) });
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
  projects: readonly number[],
  connections: number,
): Promise<ChildProcess> {
  const child = fork(new URL('./clients.ts', import.meta.url));
  const task: ClientsTask = {
    url: `${origin.replace('http', 'ws')}/api/v1/ws`,
    connections: Array.from({ length: connections }, (_, index) => ({
      token: keyOf((index % USERS) + 1),
      topic: `project:${projects[index % projects.length]}`,
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

/** Returns the paths of tasks: the first of each project, then the second, and so on. */
async function tasksOf(service: Service, projects: readonly number[]): Promise<string[]> {
  const lists = await Promise.all(
    projects.map(async (project) => {
      const path = `/api/v1/projects/${project}/tasks`;
      return ((await send(service, `${path}?size=${TASKS}`)).items ?? []).map(
        ({ id }) => `${path}/${id}`,
      );
    }),
  );
  return Array.from({ length: TASKS }, (_, index) =>
    lists.flatMap((each) => each[index] ?? []),
  ).flat();
}

/** Changes a task if there is a change to send, or else reads. */
async function send(
  { origin }: Service,
  path: string,
  change?: object,
): Promise<{ items?: { id: number }[] }> {
  const headers = { authorization: `Bearer ${keyOf(1)}`, 'content-type': 'application/json' };
  const response = await fetch(`${origin}${path}`, {
    headers,
    ...(change !== undefined && { method: 'PATCH', body: JSON.stringify(change) }),
  });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
  return (await response.json()) as { items?: { id: number }[] };
}
