import { Agent, get } from 'node:http';
import { Command } from 'commander';
import { fillArticles, type Sizes, TREE } from './articles/fill.js';
import { WORDS } from './articles/texts.js';
import { withService } from './service.js';
import { median, p99 } from './side-by-side.js';

interface Options extends Sizes {
  requests: number;
}

const { common, rare } = WORDS;
const search = (q: string) => `/api/v1/search?q=${encodeURIComponent(q)}`;

/** Measured requests by name. The first is the baseline of the ratios. */
const READS: Record<string, string> = {
  'post by slug': '/api/v1/posts/slug/post-5001',
  'list of posts': '/api/v1/posts',
  'page 1000 of the list': '/api/v1/posts?page=1000',
  'list by tag': '/api/v1/posts?tag=tag-40',
  'list with a common word': `/api/v1/posts?q=${common.English}`,
  [`tree of ${TREE.comments} comments`]: `/api/v1/posts/${TREE.post}/comments?size=100`,
  'search, common English word': search(common.English),
  'search, common Chinese word': search(common.Chinese),
  'search, rare English word': search(rare.English),
  'search, rare Chinese word': search(rare.Chinese),
  suggestions: '/api/v1/search/suggest?q=serv',
};

/** `articles`: measures reads and searches on a database with very many posts and comments. */
export function benchArticles(): Command {
  return new Command('articles')
    .description('reads and searches very many posts and comments; prints how long it takes')
    .option('--posts <n>', 'how many posts', Number, 100_000)
    .option('--comments <n>', 'how many comments', Number, 1_000_000)
    .option('--seed <n>', 'the same seed makes the same articles', Number, 1)
    .option('--requests <n>', 'how often each is read', Number, 200)
    .action(async ({ requests, ...sizes }: Options) => {
      const fill = async (databaseUrl: string) => {
        const begin = performance.now();
        await fillArticles(databaseUrl, sizes);
        const seconds = ((performance.now() - begin) / 1000).toFixed(1);
        console.log(`${sizes.posts} posts and ${sizes.comments} comments made in ${seconds} s`);
      };
      await withService(fill, async ({ origin }) => print(await measure(origin, requests)));
    });
}

/**
 * Returns the durations of each read in milliseconds. The reads take turns, so other load on the
 * machine affects all of them alike.
 */
async function measure(origin: string, requests: number): Promise<Map<string, number[]>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = new Map(Object.keys(READS).map((name) => [name, [] as number[]]));
  for (let round = 0; round < requests; round += 1) {
    for (const [name, path] of Object.entries(READS)) {
      const begin = performance.now();
      await read(agent, `${origin}${path}`);
      times.get(name)?.push(performance.now() - begin);
    }
  }
  agent.destroy();
  return times;
}

function read(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      response.resume().on('end', resolve).on('error', reject);
    }).on('error', reject);
  });
}

function print(times: Map<string, number[]>): void {
  const base = median([...times.values()][0] ?? []);
  for (const [name, values] of times) {
    const [middle, slow] = [median(values), p99(values)];
    console.log(
      `${name}: median ${middle.toFixed(1)} ms, p99 ${slow.toFixed(1)} ms; ` +
        `${(middle / base).toFixed(1)} times ${[...times.keys()][0]}`,
    );
  }
}
