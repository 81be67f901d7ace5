import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ATTACKER, Client, type Outcome, type Shot, type Target } from './target.js';

/** An attack from one address; returns the outcome of each request. */
export type Attack = (target: Target, authorization: string) => Promise<Outcome[]>;

const MIB = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };

const write = (authorization: string) => ({ ...JSON_TYPE, authorization });

const LARGE_CONTENT = 'x '.repeat(400_000);
const LARGE_BODY = Buffer.alloc(16 * MIB, 'x');

/** Texts whose rendering takes long for their length. */
const HOSTILE_TEXTS = [
  `\`\`\`markdown\n${'[a]('.repeat(400)}\n\`\`\`\n`.repeat(3),
  `\`\`\`java\n${'$'.repeat(4900)}\n\`\`\``,
  '*a_'.repeat(1600),
  '> '.repeat(2400),
  '![['.repeat(1600),
];

/** The attacks by name, in the order of the bounds that they test. */
export const ATTACKS: Record<string, Attack> = {
  'bodies of 16 MiB from a stranger': (target) =>
    repeat(4, () =>
      atOnce(
        target,
        range(40).map((number) => ({
          method: 'POST',
          path: ['/nowhere', '/api/v1/auth/logout', '/api/v1/posts', '/health'][number % 4] ?? '',
          headers: JSON_TYPE,
          body: LARGE_BODY,
        })),
      ),
    ),

  'large bodies of an author': (target, authorization) =>
    repeat(3, (round) =>
      atOnce(
        target,
        range(60).map((number) => ({
          method: 'POST',
          path: number % 2 === 0 ? '/api/v1/posts' : '/api/v1/posts/1/comments',
          headers: write(authorization),
          body: JSON.stringify({ title: `Large ${round}`, content: LARGE_CONTENT, tags: 1 }),
        })),
      ),
    ),

  '250 dripped requests': (target) => drip(target, 250, 10),

  'searches, ten a second': (target) =>
    perSecond(target, 10, 15, (number) => ({
      path: `/api/v1/search?q=${number % 3 === 0 ? 'data' : `data%20${number}`}&size=20`,
    })),

  'searches of users, ten a second': (target) =>
    perSecond(target, 10, 10, (number) => ({ path: `/api/v1/users?q=a${number}` })),

  '1,000 pending comments, ten at once': (target, authorization) =>
    repeat(20, () =>
      atOnce(
        target,
        range(10).map(() => ({
          path: '/api/v1/posts/1/comments?size=100',
          headers: { authorization },
        })),
      ),
    ),

  'every post and page': (target) =>
    repeat(4, (round) =>
      atOnce(
        target,
        range(100).map((number) => ({
          path:
            number % 2 === 0
              ? `/api/v1/posts/${(round * 50 + number) % 120}`
              : `/api/v1/posts?page=${round}&size=${number}`,
        })),
      ),
    ),

  'creations with an Idempotency-Key': (target, authorization) =>
    repeat(3, (round) =>
      atOnce(
        target,
        range(12).map((number) => ({
          method: 'POST',
          path: '/api/v1/posts',
          headers: { ...write(authorization), 'idempotency-key': `attack-${round}-${number}` },
          body: JSON.stringify({
            title: `Slow ${round} ${number}`,
            content: (HOSTILE_TEXTS[number % HOSTILE_TEXTS.length] ?? '').repeat(8),
          }),
        })),
      ),
    ),

  'long values for regular expressions': (target, authorization) =>
    perSecond(target, 10, 6, (number) => {
      const agent = 'Version/1 Safari/'.repeat(380);
      const digits = '1'.repeat(6000);
      const shots: Shot[] = [
        { path: '/api/v1/me/sessions', headers: { authorization, 'user-agent': agent } },
        { path: `/api/v1/posts?page=${digits}` },
        { path: `/api/v1/posts?size=${digits}.` },
        { path: '/api/v1/posts', headers: { 'if-none-match': `"${'a'.repeat(6000)}` } },
        { path: '/api/v1/posts', headers: { 'accept-language': 'zh;q='.repeat(1200) } },
        {
          method: 'POST',
          path: '/api/v1/auth/login',
          headers: { ...JSON_TYPE, 'user-agent': agent },
          body: JSON.stringify({ username: `${'a.'.repeat(4000)}@`, password: digits }),
        },
      ];
      return shots[number % shots.length] ?? { path: '/health' };
    }),

  'changes of hostile Markdown, ten a second': (target, authorization) =>
    perSecond(target, 10, 10, (number) => ({
      method: 'PATCH',
      path: `/api/v1/posts/${1 + (number % 20)}`,
      headers: write(authorization),
      body: JSON.stringify({
        content: `${HOSTILE_TEXTS[number % HOSTILE_TEXTS.length]}`.slice(0, 4900) + number,
      }),
    })),

  '2,000 invalid credentials on each of four operations': async (target) => {
    const client = new Client(target, ATTACKER, 40);
    const paths = [
      '/api/v1/users/export.json',
      '/api/v1/posts/1/comments',
      '/api/v1/me',
      '/api/v1/auth/change-password',
    ];
    const shots = range(8000).map((number) => ({
      method: number % 4 === 1 || number % 4 === 3 ? 'POST' : 'GET',
      path: paths[number % 4] ?? '',
      headers: { ...JSON_TYPE, 'x-api-key': `alt_${number}` },
      body: '{}',
    }));
    const outcomes = await Promise.all(shots.map((shot) => client.send(shot)));
    client.close();
    return outcomes;
  },

  'refused sign-ins with many names': (target) =>
    perSecond(target, 20, 10, (number) => ({
      method: 'POST',
      path: '/api/v1/auth/login',
      headers: JSON_TYPE,
      body: JSON.stringify({ username: `name${number}`, password: 'wrong' }),
    })),

  'answers that nobody reads': (target, authorization) =>
    unread(
      target,
      200,
      [
        `/api/v1/posts/1/comments?size=100`,
        '/api/v1/posts?size=100',
        '/openapi.json',
        '/api/v1/users/export.json',
      ],
      authorization,
    ),
};

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

async function atOnce(target: Target, shots: Shot[]): Promise<Outcome[]> {
  const client = new Client(target, ATTACKER);
  const outcomes = await Promise.all(shots.map((shot) => client.send(shot)));
  client.close();
  return outcomes;
}

async function repeat(
  times: number,
  attack: (round: number) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const round of range(times)) outcomes.push(...(await attack(round)));
  return outcomes;
}

/** Sends at a fixed rate, without waiting for answers. */
async function perSecond(
  target: Target,
  rate: number,
  seconds: number,
  shot: (number: number) => Shot,
): Promise<Outcome[]> {
  const client = new Client(target, ATTACKER);
  const running: Promise<Outcome>[] = [];
  for (const number of range(rate * seconds)) {
    running.push(client.send(shot(number)));
    await sleep(1000 / rate);
  }
  const outcomes = await Promise.all(running);
  client.close();
  return outcomes;
}

/** Opens connections and sends a header byte by byte. */
async function drip(target: Target, count: number, seconds: number): Promise<Outcome[]> {
  const sockets = range(count).map(() => openRaw(target));
  for (const { socket } of sockets) socket.write('GET / HTTP/1.1\r\nhost: a\r\nx: ');
  for (const _ of range(seconds * 10)) {
    for (const { socket } of sockets) if (socket.writable) socket.write('x');
    await sleep(100);
  }
  return sockets.map(endOf);
}

/** Asks for answers and reads none of them. */
async function unread(
  target: Target,
  count: number,
  paths: string[],
  authorization: string,
): Promise<Outcome[]> {
  const sockets = range(count).map(() => openRaw(target));
  for (const [number, { socket }] of sockets.entries()) {
    socket.pause();
    const head = `GET ${paths[number % paths.length]} HTTP/1.1\r\nhost: a\r\nauthorization: ${authorization}\r\n\r\n`;
    socket.write(head.repeat(4));
  }
  await sleep(10_000);
  return sockets.map(endOf);
}

interface RawConnection {
  socket: Socket;
  begin: number;
}

function openRaw({ host, port }: Target): RawConnection {
  const socket = connect({ host, port, localAddress: ATTACKER });
  socket.on('error', () => undefined);
  return { socket, begin: performance.now() };
}

function endOf({ socket, begin }: RawConnection): Outcome {
  const status = socket.destroyed || socket.readableEnded ? 'ended' : 'open';
  socket.destroy();
  return { status, milliseconds: performance.now() - begin, headers: {}, text: '' };
}
