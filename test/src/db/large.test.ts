import pg from 'pg';
import t from 'tap';
import { fillArticles, TREE } from '#bench/articles/fill.js';
import { WORDS } from '#bench/articles/texts.js';
import { createTestApp } from '#test/support/app.js';
import { type RecordedStatement, recordCalls } from '#test/support/statements.js';

const POSTS = 100_000;
const COMMENTS = 1_000_000;

/** Tables that must never be scanned as a whole. */
const LARGE = new Set(['posts', 'comments', 'post_tags', 'post_views', 'post_slugs']);

/** Maximum number of statements per response, whatever the amount of data. */
const MOST_STATEMENTS = 3;

/** Maximum number of rows examined by a search, however many contain the word. */
const MOST_ROWS = 20_000;

const { common, rare } = WORDS;
const search = (q: string, more = '') => `/api/v1/search?q=${encodeURIComponent(q)}${more}`;
const list = (query: string) => `/api/v1/posts?${query}`;

/** URLs to read, with a field of the response that shows that something was found. */
const OPERATIONS: [name: string, path: string, field: string][] = [
  ['posts', list(''), 'items'],
  ['posts, page 1000', list('page=1000'), 'items'],
  ['posts from the start of a cursor on', list('cursor='), 'items'],
  ['posts by tag', list('tag=tag-40'), 'items'],
  ['posts by a common tag', list('tag=tag-1'), 'items'],
  ['posts by category', list('category=category-3'), 'items'],
  ['posts by author', list('author=author_7'), 'items'],
  ['posts that are popular', list('sort=popular'), 'items'],
  ['posts by title', list('sort=title'), 'items'],
  ['posts with a common word', list(`q=${common.English}`), 'items'],
  ['posts with a rare word', list(`q=${rare.English}`), 'items'],
  ['popular posts with a rare word', list(`sort=popular&q=${rare.Chinese}`), 'items'],
  ['popular posts with a common word', list(`sort=popular&q=${common.Chinese}`), 'items'],
  ['the last page of posts with a word', list(`q=${common.English}&size=10&page=100`), 'items'],
  ['a post', '/api/v1/posts/5001', 'title'],
  ['a post by its slug', '/api/v1/posts/slug/post-5001', 'title'],
  ['a tree of comments', `/api/v1/posts/${TREE.post}/comments?size=100`, 'items'],
  ['a chain of comments', '/api/v1/posts/2/comments?size=100', 'items'],
  ...(['common', 'rare'] as const).flatMap((kind) =>
    (['English', 'Chinese'] as const).flatMap((language) =>
      ['relevance', 'date', 'popular'].map((sort): [string, string, string] => [
        `search for a ${kind} word in ${language} by ${sort}`,
        search(WORDS[kind][language], `&sort=${sort}`),
        'items',
      ]),
    ),
  ),
  ['search for words of both kinds', search(`${common.English} OR ${rare.Chinese}`), 'items'],
  ['search without a word', search(`-${common.English} -${common.Chinese}`), 'items'],
  ['the last page of a search', search(common.English, '&size=20&page=100'), 'items'],
  ['suggestions', '/api/v1/search/suggest?q=serv', 'items'],
  ['suggestions for a letter', '/api/v1/search/suggest?q=s', 'items'],
];

const { client, databaseUrl } = await createTestApp(t);
const connection = new pg.Client({ connectionString: databaseUrl });
await connection.connect();
t.teardown(() => connection.end());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** Returns all nodes of PostgreSQL's plan for the statement. */
async function nodesOf({ text, values }: RecordedStatement): Promise<Plan[]> {
  const explain = {
    text: `explain (analyze, timing off, format json) ${text}`,
    values: [...values],
  };
  const { rows } = await connection.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(explain);
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
  return rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => nodes(Plan)));
}

/** Returns the large tables that are scanned as a whole. */
function readWhole(nodes: Plan[]): string[] {
  return nodes
    .filter((node) => /Seq Scan/.test(node['Node Type']))
    .map((node) => node['Relation Name'] ?? '')
    .filter((name) => LARGE.has(name));
}

/** Returns the largest number of rows that one node examined. */
function mostRows(nodes: Plan[]): number {
  const rows = nodes.map(
    (node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
  );
  return Math.max(...rows);
}

t.test('never scans a large table', { timeout: 240_000 }, async (t) => {
  await fillArticles(databaseUrl, { posts: POSTS, comments: COMMENTS, seed: 1 });
  for (const [name, path, field] of OPERATIONS) {
    await t.test(name, async (t) => {
      const begin = performance.now();
      let found: unknown;
      const statements = await recordCalls(async () => {
        const { status, json } = await client().get(path);
        t.equal(status, 200);
        found = json[field];
      });
      t.comment(`${name}: ${(performance.now() - begin).toFixed(0)} ms`);
      t.ok(Array.isArray(found) ? found.length > 0 : found, 'finds something');
      t.ok(statements.length <= MOST_STATEMENTS, `${statements.length} statements`);
      for (const statement of statements) {
        const nodes = await nodesOf(statement);
        t.same(readWhole(nodes), [], statement.text);
        if (!/[?&]q=/.test(path)) continue;
        t.ok(mostRows(nodes) <= MOST_ROWS, `${mostRows(nodes)} rows are examined`);
      }
    });
  }
});
