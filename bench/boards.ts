import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { generateNKeysBetween } from 'fractional-indexing';
import pg from 'pg';
import { WebSocket } from 'ws';
import { type Service, withService } from '#bench/service.js';
import { median, p99 } from '#bench/side-by-side.js';
import { hashSecret } from '#src/lib/random-secrets.js';

/** Tasks of each board that is compared, all in one column but a tenth. */
const SMALL = 100;
const LARGE = 10_000;

/** What each kind of request may take on the large board, in times of the small one. */
const MOST = {
  // It shows more tasks, and counts all of them.
  'read the board': 3,
  'move a card': 1.5,
  'create a task': 1.5,
} as const;

/** People who drag cards of one column at the same time. */
const PEOPLE = 50;
const CARDS = 50;

interface Options {
  rounds: number;
  seconds: number;
}

/** `boards`: measures reads and moves on a small and a large board, and people who drag at once. */
export function benchBoards(): Command {
  return new Command('boards')
    .description('reads and moves on boards of 100 and of 10,000 tasks; 50 people who drag at once')
    .option('--rounds <n>', 'requests of each kind on each board', Number, 200)
    .option('--seconds <n>', 'how long people drag', Number, 10)
    .action(async (options: Options) => {
      const failures = await withService(fill, (service) => measure(service, options), {
        RATE_LIMIT: '100000000',
        ARTICLE_RATE_LIMIT: '100000000',
      });
      if (failures > 0) process.exitCode = 1;
    });
}

/** Projects 1 and 2 are those compared, 3 is that of the people who drag. */
async function fill(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `insert into users (username, username_folded, permissions)
       select 'user_' || n, 'user_' || n, 15 from generate_series(1, $1::integer) n`,
      [PEOPLE],
    );
    await client.query(
      `insert into api_keys (user_id, name, prefix, key_hash, scopes)
       select n, 'bench', 'alt', ($2::bytea[])[n], array['projects:read', 'projects:write', 'live:read']
       from generate_series(1, $1::integer) n`,
      [PEOPLE, Array.from({ length: PEOPLE }, (_, index) => hashSecret(keyOf(index + 1)))],
    );
    for (const [index, tasks] of [SMALL, LARGE, CARDS].entries()) {
      const key = `BENCH${index}`;
      await client.query(
        `with made as (
           insert into projects (key, name, searched_name, time_zone, last_number)
           values ($1, $1, lower($1), 'UTC', $2) returning id),
         named as (insert into project_keys (key, project_id) select $1, id from made),
         joined as (
           insert into project_members (project_id, user_id, role)
           select made.id, n, 'owner' from made, generate_series(1, $3::integer) n)
         insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
         select made.id, n, 'Task ' || n, 'task ' || n,
           case when n % 10 = 0 and $2 > 50 then 'done' else 'todo' end, ($4::text[])[n], 'UTC'
         from made, generate_series(1, $2::integer) n`,
        [key, tasks, PEOPLE, generateNKeysBetween(null, null, tasks)],
      );
    }
    await client.query('analyze');
  } finally {
    await client.end();
  }
}

function keyOf(user: number): string {
  return `alt_boards_${user}`;
}

/** Prints the figures. Returns the number of those that are worse than they may be. */
async function measure(service: Service, { rounds, seconds }: Options): Promise<number> {
  const boards = await Promise.all([1, 2].map((id) => idsOf(service, id)));
  const kinds: Record<keyof typeof MOST, (project: number, round: number) => Promise<unknown>> = {
    'read the board': (project) => send(service, 1, `${project}/board`),
    'move a card': (project, round) => {
      const ids = boards[project - 1] ?? [];
      const [id, after_id] = [ids[(round * 37) % 80], ids[(round * 17 + 5) % 90]];
      const place = { after_id: id === after_id ? null : after_id };
      return send(service, 1, `${project}/tasks/${id}/move`, place);
    },
    'create a task': (project) => send(service, 1, `${project}/tasks`, { summary: 'One more' }),
  };
  let failures = 0;
  for (const [name, most] of Object.entries(MOST)) {
    const run = kinds[name as keyof typeof MOST];
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, own] of times.entries()) {
        const begin = performance.now();
        await run(index + 1, round);
        own.push(performance.now() - begin);
      }
    }
    const [small, large] = times.map(median) as [number, number];
    const ratio = large / small;
    if (ratio > most) failures += 1;
    console.log(
      `${name}: ${small.toFixed(1)} ms on ${SMALL} tasks, ${large.toFixed(1)} ms on ` +
        `${LARGE.toLocaleString('en')}, ${ratio.toFixed(2)} times (at most ${most})`,
    );
  }
  return failures + (await drag(service, seconds));
}

/** Returns the number of people who do not see the order that the service has. */
async function drag(service: Service, seconds: number): Promise<number> {
  const ids = await idsOf(service, 3);
  const people = await Promise.all(
    Array.from({ length: PEOPLE }, (_, n) => listen(service, n + 1)),
  );
  const end = performance.now() + seconds * 1000;
  const times: number[] = [];
  await Promise.all(
    people.map(async ({ user }) => {
      for (let round = user; performance.now() < end; round += 7) {
        const [id, after_id] = [ids[(round * 31) % CARDS], ids[(round * 13 + user) % CARDS]];
        const begin = performance.now();
        const place = { after_id: id === after_id ? null : after_id };
        await send(service, user, `3/tasks/${id}/move`, place);
        times.push(performance.now() - begin);
      }
    }),
  );
  await sleep(3000);
  const order = String(await idsOf(service, 3));
  let wrong = 0;
  for (const { socket, positions } of people) {
    const own = [...positions].sort(([, one], [, other]) => (one < other ? -1 : 1));
    if (String(own.map(([id]) => id)) !== order) wrong += 1;
    socket.close();
  }
  console.log(
    `${PEOPLE} people dragging in one column for ${seconds} s: ${times.length} moves, median ` +
      `${median(times).toFixed(0)} ms, p99 ${p99(times).toFixed(0)} ms; ${wrong} see another order`,
  );
  return wrong;
}

interface Person {
  user: number;
  socket: WebSocket;
  /** The position of each card. */
  positions: Map<number, string>;
}

async function listen(service: Service, user: number): Promise<Person> {
  const board = await send(service, user, '3/board');
  const positions = new Map<number, string>();
  for (const { id, position } of board.columns?.[0]?.tasks ?? []) positions.set(id, position);
  const socket = new WebSocket(`${service.origin.replace('http', 'ws')}/api/v1/ws`, {
    headers: { authorization: `Bearer ${keyOf(user)}` },
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      const subscription = { type: 'subscribe', topics: ['project:3'], since: board.event_id };
      socket.send(JSON.stringify(subscription));
    });
    socket.on('message', (data) => {
      const { type, event } = JSON.parse(String(data));
      if (type === 'subscribed') resolve();
      const position = event?.changes?.position;
      if (position !== undefined) positions.set(event.resource_id, position);
    });
  });
  return { user, socket, positions };
}

/** Returns the ids of the column `todo`, in their order; at most 100. */
async function idsOf(service: Service, project: number): Promise<number[]> {
  const page = await send(service, 1, `${project}/tasks?status=todo&sort=position&size=100`);
  return (page.items ?? []).map(({ id }) => id);
}

interface Answer {
  items?: { id: number }[];
  event_id?: number;
  columns?: { tasks: { id: number; position: string }[] }[];
}

async function send(
  { origin }: Service,
  user: number,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${origin}/api/v1/projects/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${keyOf(user)}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
  return (await response.json()) as Answer;
}
