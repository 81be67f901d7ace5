import { randomUUID } from 'node:crypto';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { ARTICLE_CHANGES } from '#src/db/channels.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { fillArticles, type Sizes, TREE } from './articles/fill.js';
import { WORDS } from './articles/texts.js';
import { type Service, withTwoServices } from './service.js';
import { median, p99 } from './side-by-side.js';

type Size = 'small' | 'large';

const SIZES: Record<Size, Omit<Sizes, 'seed'>> = {
  small: { users: 10_000, posts: 10_000, comments: 10_000 },
  large: { users: 1_000_000, posts: 100_000, comments: 1_000_000 },
};

/** A read of the large database may take this many times what it takes in the small one. */
const MOST = 1.5;

/** A page by cursor this far into a list may take `MOST` times what the first page takes. */
const LATE_PAGE = 1000;

/** Milliseconds in which a service learns that its cached responses are stale. */
const FORGET_MS = 20;

/** An administrator's API key, who may read everything. */
const KEY = 'alt_growth';

const { common, rare } = WORDS;
const search = (q: string) => `/api/v1/search?q=${encodeURIComponent(q)}`;

/** Returns the path of a read; rounds read different rows, all within the small database. */
type Read = (round: number) => string;

const READS: Record<string, Read> = {
  'user by id': (round) => `/api/v1/users/${1 + ((round * 37) % 9000)}`,
  'post by id': (round) => `/api/v1/posts/${1 + ((round * 37) % 9000)}`,
  'post by slug': (round) => `/api/v1/posts/slug/post-${8 + ((round * 50) % 9000)}`,
  'users by page': () => '/api/v1/users',
  'users by name': () => '/api/v1/users?sort=username',
  'users, first page of the cursor': () => '/api/v1/users?cursor=',
  'posts by page': () => '/api/v1/posts',
  'posts, first page of the cursor': () => '/api/v1/posts?cursor=',
  'posts with a common tag': () => '/api/v1/posts?tag=tag-1',
  'posts with a rare word': () => `/api/v1/posts?q=${rare.English}`,
  'comments by page': () => '/api/v1/comments',
  'comments, first page of the cursor': () => '/api/v1/comments?cursor=',
  'comments that wait': () => '/api/v1/comments?is_approved=false&is_rejected=false',
  [`tree of ${TREE.comments} comments`]: () => `/api/v1/posts/${TREE.post}/comments?size=100`,
  'search, common English word': () => search(common.English),
  'search, common Chinese word': () => search(common.Chinese),
  'search, rare English word': () => search(rare.English),
  'search, rare Chinese word': () => search(rare.Chinese),
  'search for users, rare name': () => `/api/v1/users?q=${rare.English}`,
  // A hundred times as many match.
  'search for users, common name': () => '/api/v1/users?q=user_77',
  suggestions: () => '/api/v1/search/suggest?q=serv',
};

/** Lists whose late pages are compared with the first; each has that many pages when small. */
const LISTS = { users: '/api/v1/users', posts: '/api/v1/posts', comments: '/api/v1/comments' };

/** `growth`: compares reads of a small and of a large database, taking turns. */
export function benchGrowth(): Command {
  return new Command('growth')
    .description('reads 10,000 rows and up to 1,000,000 rows in turns; prints the ratios')
    .option('--seed <n>', 'the same seed makes the same rows', Number, 1)
    .option('--rounds <n>', 'how often each is read', Number, 60)
    .action(async ({ seed, rounds }: { seed: number; rounds: number }) => {
      const filling = (size: Size) => async (url: string) => {
        const begin = performance.now();
        await fillArticles(url, { ...SIZES[size], seed });
        await addAdministrator(url);
        const { users, posts, comments } = SIZES[size];
        const seconds = ((performance.now() - begin) / 1000).toFixed(0);
        console.log(`${users} users, ${posts} posts, ${comments} comments made in ${seconds} s`);
      };
      await withTwoServices([filling('small'), filling('large')], async ([small, large]) => {
        await printGrowth(await measure({ small, large }, rounds));
        await printLatePages({ small, large }, rounds);
      });
    });
}

async function addAdministrator(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('update users set permissions = 143 where id = 1');
    await client.query('update users set searched_nickname = $1 where id = 2', [rare.English]);
    await client.query(
      `insert into api_keys (user_id, name, prefix, key_hash, scopes) values (1, 'growth', 'alt_', $1,
         '{users:read,posts:read,comments:write}')`,
      [hashSecret(KEY)],
    );
  } finally {
    await client.end();
  }
}

type Times = Record<Size, number[]>;

/**
 * Returns the durations of each read in milliseconds. The services take turns, so other load on the
 * machine affects both alike. No response comes from a cache.
 */
async function measure(
  services: Record<Size, Service>,
  rounds: number,
): Promise<Map<string, Times>> {
  const times = new Map(
    Object.keys(READS).map((name) => [name, { small: [], large: [] } as Times]),
  );
  const forget = await forgetting(services);
  for (let round = 0; round < rounds; round += 1) {
    await forget.now();
    for (const [name, path] of Object.entries(READS)) {
      for (const size of ['small', 'large'] as const) {
        const { milliseconds } = await read(services[size], path(round));
        if (round > 0) times.get(name)?.[size].push(milliseconds);
      }
    }
  }
  await forget.end();
  return times;
}

/** Makes the services forget cached responses, as a change does. */
async function forgetting(services: Record<Size, Service>) {
  const clients = Object.values(services).map(
    ({ databaseUrl }) => new pg.Client({ connectionString: databaseUrl }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  return {
    async now() {
      const announce = 'select pg_notify($1, $2)';
      await Promise.all(
        clients.map((client) => client.query(announce, [ARTICLE_CHANGES, randomUUID()])),
      );
      await sleep(FORGET_MS);
    },
    end: () => Promise.all(clients.map((client) => client.end())),
  };
}

const agent = new Agent({ keepAlive: true });

/** Reads a path as the administrator. */
async function read(
  { origin }: Service,
  path: string,
): Promise<{ milliseconds: number; text: string }> {
  const begin = performance.now();
  const text = await new Promise<string>((resolve, reject) => {
    get(`${origin}${path}`, { agent, headers: { 'x-api-key': KEY } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path}: ${response.statusCode} ${body}`));
      });
    }).on('error', reject);
  });
  return { milliseconds: performance.now() - begin, text };
}

async function printGrowth(times: Map<string, Times>): Promise<void> {
  for (const [name, { small, large }] of times) {
    printRatio(name, ['small', small], ['large', large]);
  }
}

/** Compares the first page of each list with a late one, in the large database. */
async function printLatePages(services: Record<Size, Service>, rounds: number): Promise<void> {
  const forget = await forgetting(services);
  for (const [name, list] of Object.entries(LISTS)) {
    const late = `${list}?cursor=${await cursorAt(services.large, list, LATE_PAGE)}`;
    const times = { first: [] as number[], late: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      await forget.now();
      const first = await read(services.large, `${list}?cursor=`);
      const other = await read(services.large, late);
      times.first.push(first.milliseconds);
      times.late.push(other.milliseconds);
    }
    printRatio(`${name} by cursor`, ['page 1', times.first], [`page ${LATE_PAGE}`, times.late]);
  }
  await forget.end();
  agent.destroy();
}

/** Returns the cursor of a page of ten items, found in larger steps. */
async function cursorAt(service: Service, list: string, page: number): Promise<string> {
  const step = 100;
  let cursor = '';
  for (let skipped = 0; skipped < (page - 1) * 10; skipped += step) {
    const { text } = await read(service, `${list}?size=${step}&cursor=${cursor}`);
    cursor = JSON.parse(text).next_cursor;
  }
  return cursor;
}

type Measured = [name: string, times: number[]];

function printRatio(name: string, [one, few]: Measured, [other, many]: Measured): void {
  const told = (times: number[]) => `${median(times).toFixed(1)} ms (p99 ${p99(times).toFixed(1)})`;
  const ratio = median(many) / median(few);
  console.log(
    `${ratio <= MOST ? '  ' : '! '}${name}: ${one} ${told(few)}, ${other} ${told(many)}; ` +
      `ratio ${ratio.toFixed(2)}, at most ${MOST}`,
  );
}
