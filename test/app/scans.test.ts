import { randomUUID } from 'node:crypto';
import type { OpenAPIV3_1 } from 'openapi-types';
import pg from 'pg';
import t from 'tap';
import { fillArticles } from '#bench/articles/fill.js';
import { WORDS } from '#bench/articles/texts.js';
import { ARTICLE_CHANGES, notify } from '#src/db/channels.js';
import { createTestApp } from '#test/support/app.js';
import { contract, resolve } from '#test/support/contract.js';
import { tokenOf } from '#test/support/credentials.js';
import { operations } from '#test/support/sample-requests.js';
import { type RecordedStatement, recordCalls } from '#test/support/statements.js';

/** Rows of each table. */
const ROWS = 12_000;

/** More than a list counts, because each is looked up in other tables. */
const TAGS = 60_000;

/** A table with more rows must be read by an index. */
const LARGE = 10_000;

/** Plans of a prepared statement before PostgreSQL may prefer one for all values. */
const CUSTOM_PLANS = 5;

/** Reads that sum up tables, and so may read all of one; answers for everyone are cached. */
const SUMS = [
  /^\/api\/v1\/admin\/stats/,
  /^\/api\/v1\/posts\/(archives|by-author|by-tag)/,
  /[?&]sort=-?post_count/,
];

/** Tables that `fillArticles` does not fill. The numbers of the users begin at 1. */
const FILL = `
  insert into sessions (user_id, id_hash, kind, expires_at)
    select 1 + n % 1000, sha256(n::text::bytea), 'cookie', now() + interval '1 day'
    from generate_series(1, ${ROWS}) as n;
  insert into refresh_tokens (token_hash, session_id, expires_at)
    select sha256(id::text::bytea), id, now() + interval '1 day' from sessions;
  insert into api_keys (user_id, name, prefix, key_hash, scopes)
    select 1 + n % 1000, 'key', 'alt_', sha256(n::text::bytea), '{me:read}'
    from generate_series(1, ${ROWS}) as n;
  insert into audit_log (at, actor_id, action, resource, resource_id, request_id)
    select now() - n * interval '1 minute', 1 + n % 1000,
      (array['user.change', 'post.change', 'comment.approve'])[1 + n % 3],
      (array['user', 'post', 'comment'])[1 + n % 3], (n % 500)::text, 'request-' || n
    from generate_series(1, ${ROWS}) as n;
  insert into tags (name, name_folded, slug)
    select 'many ' || n, 'many ' || n, 'many-' || n from generate_series(1, ${TAGS}) as n;
  insert into post_tags (post_id, tag_id)
    select 1 + n % ${ROWS}, tags.id
    from (select id, row_number() over () as n from tags where slug like 'many-%') as tags
    on conflict do nothing;
  update posts set deleted_at = now(), deleted_by = 1 where id % 50 = 9;
  update comments set is_approved = false, rejected_at = now() where id % 50 = 9 and deleted_at is null;
  select graphile_worker.add_job('notice', '{}') from generate_series(1, ${ROWS});
`;

const testApp = await createTestApp(t);
const { app, client, databaseUrl, createUser } = testApp;
const connection = new pg.Client({ connectionString: databaseUrl });
await connection.connect();
t.teardown(() => connection.end());
await fillArticles(databaseUrl, { users: ROWS, posts: ROWS, comments: ROWS, seed: 1 });
for (const statement of FILL.split(';\n')) await connection.query(statement);
await connection.query('vacuum analyze');
const { id: admin } = await createUser({ username: 'admin', role: 'admin' });
const headers = await tokenOf(testApp, admin);

const { rows: sizes } = await connection.query<{ name: string }>(
  `select relname as name from pg_class
   where relkind = 'r' and reltuples > ${LARGE} and relnamespace = 'public'::regnamespace`,
);
const large = new Set(sizes.map(({ name }) => name));

type Parameter = OpenAPIV3_1.ParameterObject & { schema?: { enum?: unknown[] } };

/** Values of parameters that filter, and of paths. */
const VALUES: Record<string, string[]> = {
  q: [WORDS.common.English, WORDS.rare.Chinese, 'user_77'],
  tag: ['tag-40', 'many-7', 'none'],
  category: ['category-3'],
  author: ['author_7', 'nobody'],
  month: ['2026-01'],
  post_id: ['100'],
  actor_id: ['7'],
  resource_id: ['7'],
  request_id: ['request-77'],
  since: ['2026-01-31T09:30:00Z'],
  until: ['2026-01-31T09:30:00Z'],
  resource: ['post'],
  slug: ['tag-40'],
  is_approved: ['true', 'false'],
  is_rejected: ['true', 'false'],
};

/** Parameters that do not choose rows. */
const ASIDE = new Set(['size', 'bom', 'limit', 'form', 'pretty']);

/** Returns the queries to try: none, each value of each parameter, a late page and a cursor. */
function queriesOf(path: string): string[] {
  const operation = contract.paths?.[path]?.get;
  const parameters = (operation?.parameters ?? [])
    .map((parameter) => resolve<Parameter>(parameter as Parameter) as Parameter)
    .filter((parameter) => parameter.in === 'query' && !ASIDE.has(parameter.name));
  const needsQ = parameters.some(({ name, required }) => name === 'q' && required === true);
  const pairs = parameters.flatMap(({ name, schema = {} }) => {
    if (name === 'page') return ['page=100'];
    if (name === 'cursor') return ['cursor='];
    const values = schema.enum ?? VALUES[name];
    if (values === undefined) throw new Error(`There is no value of ${name}`);
    return values.map((value) => `${name}=${encodeURIComponent(String(value))}`);
  });
  const base = needsQ ? `q=${WORDS.common.English}` : '';
  const each = pairs.map((pair) =>
    pair.startsWith('q=') ? pair : [base, pair].filter(Boolean).join('&'),
  );
  return [base, ...each];
}

function urlOf(id: string, path: string): string {
  const slug = id.startsWith('posts')
    ? 'post-5001'
    : id.startsWith('tags')
      ? 'tag-40'
      : 'category-3';
  const value = id.startsWith('categories') ? '3' : id.startsWith('comments') ? '1' : '40';
  return path
    .replace('{id}', id.startsWith('post-comments') ? '1' : value)
    .replace('{comment_id}', '1')
    .replace('{slug}', slug);
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** Returns the large tables that a plan reads as a whole. */
function scansOf(rows: { 'QUERY PLAN': { Plan: Plan }[] }[]): string[] {
  return rows
    .flatMap((row) => row['QUERY PLAN'].flatMap((each) => nodesOf(each.Plan)))
    .filter((node) => node['Node Type'] === 'Seq Scan' && large.has(node['Relation Name'] ?? ''))
    .map((node) => node['Relation Name'] ?? '');
}

/**
 * Returns the large tables that PostgreSQL reads as a whole, with the plan for these values and
 * with the one that it chooses after the statement was executed several times.
 */
async function scansFor({ text, values }: RecordedStatement): Promise<string[]> {
  const explain = (statement: string, parameters: readonly unknown[]) =>
    connection.query({ text: `explain (format json) ${statement}`, values: [...parameters] });
  const own = scansOf((await explain(text, values)).rows);
  if (values.length === 0) return own;
  await connection.query(`prepare planned as ${text}`);
  try {
    const literals = values.map((value) => connection.escapeLiteral(literalOf(value)));
    const execute = `execute planned(${literals.map((literal, index) => (values[index] === null ? 'null' : literal)).join(', ')})`;
    for (let run = 0; run < CUSTOM_PLANS; run += 1) await explain(execute, []);
    return [...own, ...scansOf((await explain(execute, [])).rows)];
  } finally {
    await connection.query('deallocate planned');
  }
}

/** Returns a value as the driver sends it. */
function literalOf(value: unknown): string {
  if (Array.isArray(value))
    return `{${value.map((each) => JSON.stringify(String(each))).join(',')}}`;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  return value instanceof Date ? value.toISOString() : String(value);
}

const reads = operations.filter(
  ({ id, method, path }) =>
    !id.startsWith('playground-') &&
    method === 'GET' &&
    app.hasRoute({ method, url: path.replace(/\{(\w+)\}/g, ':$1') }),
);

t.test('fills the tables', async (t) => {
  const names = 'api_keys audit_log comments post_tags posts refresh_tokens sessions tags users';
  t.same(
    names.split(' ').filter((name) => !large.has(name)),
    [],
  );
});

t.test('no read scans a large table', async (t) => {
  const seen = new Set<string>();
  for (const { id, path } of reads) {
    for (const query of queriesOf(path)) {
      for (const caller of [headers, {}]) {
        const url = `${urlOf(id, path)}${query === '' ? '' : `?${query}`}`;
        if (SUMS.some((pattern) => pattern.test(url))) continue;
        await notify(app.db, ARTICLE_CHANGES, randomUUID());
        app.sharedReads.invalidate();
        const statements = await recordCalls(async () => {
          const { status, text } = await client().request({ method: 'GET', url, headers: caller });
          const isRefused = status === 401 || (caller !== headers && status === 404);
          if (status >= 300 && !isRefused) throw new Error(`${url}: ${status} ${text}`);
        });
        for (const statement of statements) {
          const key = `${statement.text} ${JSON.stringify(statement.values)}`;
          if (seen.has(key)) continue;
          seen.add(key);
          const scans = await scansFor(statement);
          if (scans.length > 0) t.same(scans, [], `${url}: ${statement.text}`);
        }
      }
    }
  }
  t.ok(seen.size > 100, `${seen.size} statements`);
});
