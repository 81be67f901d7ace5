import { randomUUID } from 'node:crypto';
import type { OpenAPIV3_1 } from 'openapi-types';
import pg from 'pg';
import t from 'tap';
import { fillArticles } from '#bench/articles/fill.js';
import { WORDS } from '#bench/articles/texts.js';
import { PROJECT_TASK_SORTS } from '#schemas/project-tasks.js';
import { MAX_PROJECTS_PER_USER } from '#schemas/projects.js';
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

/** Tasks of projects, a sixth of them of the project that is read. */
const TASKS = 36_000;
/** Of the task of each project that has comments, watchers and a relation. */
const PART_NUMBER = 1_000_000;

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

/** SQL for words of a task or comment: a common one, and what it belongs to. */
const vectorOf = (possessor: string) =>
  `setweight(to_tsvector('english', '${WORDS.common.English} ' || n), 'A')
     || array_to_tsvector(array[${possessor}])`;

/** Tables that `fillArticles` does not fill. The numbers of the users begin at 1. */
const FILL = `
  insert into sessions (user_id, id_hash, kind, expires_at)
    select 1 + n % 1000, sha256(n::text::bytea), 'cookie', now() + interval '1 day'
    from generate_series(1, ${ROWS}) as n;
  insert into calendar_tokens (user_id, token_hash)
    select id, sha256(id::text::bytea) from users;
  insert into refresh_tokens (token_hash, session_id, expires_at)
    select sha256(id::text::bytea), id, now() + interval '1 day' from sessions;
  insert into api_keys (user_id, name, prefix, key_hash, scopes)
    select 1 + n % 1000, 'key', 'alt_', sha256(n::text::bytea), '{me:read}'
    from generate_series(1, ${ROWS}) as n;
  insert into tasks (owner_id, summary, searched_summary, due_on, completed_at, search_vector)
    select 1 + n % 1000, 'Task ' || n, 'task ' || n, current_date + n % 30,
      case when n % 3 = 0 then now() end, ${vectorOf("'owner/' || (1 + n % 1000)")}
    from generate_series(1, ${ROWS}) as n;
  insert into projects (key, name, searched_name, time_zone, archived_at)
    select 'K' || n, 'Project ' || n, 'project ' || n, 'UTC', case when n % 3 = 0 then now() end
    from generate_series(1, ${ROWS}) as n;
  insert into project_keys (key, project_id)
    select key, id from projects union all select 'OLD' || id, id from projects;
  insert into project_members (project_id, user_id, role)
    select id, 1 + id % 1000, 'owner' from projects union all
    select id, 2 + id % 1000, 'viewer' from projects;
  insert into project_invitations (project_id, user_id, invited_by, role, expires_at)
    select id, 3 + id % 1000, 1 + id % 1000, 'member', now() + interval '1 day' from projects;
  insert into project_invitations
    (project_id, email, email_folded, token_hash, invited_by, role, expires_at)
    select id, email, email, sha256(id::text::bytea), 1 + id % 1000, 'member',
      now() + interval '1 day'
    from projects, format('invited%s@example.com', id % 1000) as email;
  insert into project_labels (project_id, name, name_folded, color)
    select id, label, label, '#808080' from projects, unnest(array['bug', 'later']) as label;
  insert into tasks (project_id, number, status, position, time_zone, summary, searched_summary,
      assignee_ids, label_ids, priority, due_on, due_at, deleted_at, search_vector)
    select project_id, number, (array['todo', 'in_progress', 'review', 'done', 'cancelled'])[1 + n % 5],
      'a' || lpad(n::text, 6, '0'), 'UTC', 'Task ' || n, 'task ' || n, array[1 + n % 1000],
      array[1 + n % 1000], (array['low', 'normal', 'high', 'urgent'])[1 + n % 4],
      current_date + n % 30, current_date + n % 30, case when n % 50 = 9 then now() end,
      ${vectorOf("'project/' || project_id")}
    from generate_series(1, ${TASKS}) as n, lateral (
      select case when n % 6 = 0 then 40 else 50 + n % 1000 end as project_id, n as number) as place;
  insert into events (type, topics, resource_id, is_public, project_id, changes)
    select 'task.changed', array['task:' || id], id, false, project_id, '{}' from tasks
    where project_id is not null;
  insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
    select id, ${PART_NUMBER}, 'Part', 'part', 'todo', 'p', 'UTC' from projects;
  insert into task_comments (task_id, author_id, content, content_html, search_vector)
    select tasks.id, 1 + n % 1000, 'Comment', '<p>Comment</p>', ${vectorOf("'project/' || project_id")}
    from tasks, generate_series(1, 2) as n where number = ${PART_NUMBER};
  insert into task_watchers (task_id, project_id, user_id)
    select tasks.id, tasks.project_id, user_id from tasks join project_members using (project_id)
    where number = ${PART_NUMBER};
  insert into notifications (user_id, member_id, kind, project_id, task_id, delivery, read_at)
    select user_id, user_id, (array['assigned', 'moved'])[1 + n % 2], project_id, task_id, 'app',
      case when n % 3 = 0 then now() end
    from task_watchers, generate_series(1, 2) as n;
  insert into task_mutes (task_id, project_id, user_id)
    select task_id, project_id, user_id from task_watchers;
  insert into task_relations (task_id, kind, other_id)
    select id, 'blocks', lead(id) over (order by id) from tasks where number = ${PART_NUMBER}
    order by id limit ${ROWS} - 1;
  update projects set deleted_at = now(), deleted_by = 1 where id % 50 = 9;
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
await connection.query('update tasks set owner_id = $1 where id <= 1000', [admin]);
await connection.query(
  `insert into project_members (project_id, user_id, role)
   select id, $1, 'owner' from projects where id <= ${MAX_PROJECTS_PER_USER}`,
  [admin],
);
await connection.query(
  `insert into project_invitations (project_id, user_id, invited_by, role, expires_at)
   select id, $1, 1, 'member', now() + interval '1 day' from projects
   where id > ${ROWS} - 500`,
  [admin],
);
await connection.query(
  `insert into notifications (user_id, member_id, kind, project_id, task_id, delivery)
   select $1, $1, 'moved', project_id, min(tasks.id), 'app'
   from project_members join tasks using (project_id), generate_series(1, 10)
   where user_id = $1 group by project_id, generate_series`,
  [admin],
);
const headers = await tokenOf(testApp, admin);
const { rows: ofProject } = await connection.query<{ task: number; label: number }>(
  `select min(tasks.id) as task, min(project_labels.id) as label
   from tasks join project_labels using (project_id)
   where project_id = 40 and deleted_at is null`,
);

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
  project_id: ['40', '99999'],
  request_id: ['request-77'],
  since: ['2026-01-31T09:30:00Z'],
  until: ['2026-01-31T09:30:00Z'],
  resource: ['post'],
  slug: ['tag-40'],
  is_approved: ['true', 'false'],
  is_rejected: ['true', 'false'],
  completed: ['true', 'false'],
  due_from: ['2026-01-31'],
  due_to: ['2026-01-31'],
  days: ['7'],
  archived: ['true', 'false'],
  assignee_id: ['7', '99999'],
  label_id: ['7', '99999'],
  unread: ['true', 'false'],
  token: ['none'],
};

/** Parameters that do not choose rows. */
const ASIDE = new Set(['size', 'bom', 'limit', 'form', 'pretty']);

/** Queries of parameters that belong together. */
const TOGETHER: Record<string, string[]> = {
  '/api/v1/me/tasks': [
    'view=due&days=30&sort=-priority',
    'view=overdue&status=done',
    'view=watched',
  ],
  '/api/v1/projects/{id}/tasks': PROJECT_TASK_SORTS.flatMap((sort) => [
    `sort=${sort}&cursor=`,
    `sort=-${sort}&status=todo&cursor=`,
  ]),
};

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
  return [base, ...each, ...(TOGETHER[path] ?? [])];
}

const { rows: parts } = await connection.query<{ task: number; comment: number }>(
  `select tasks.id as task, min(task_comments.id) as comment
   from tasks join task_comments on task_id = tasks.id
   where project_id = 40 and number = ${PART_NUMBER} group by tasks.id`,
);

function urlOf(id: string, path: string): string {
  if (id.startsWith('task-')) {
    const { task, comment } = parts[0] ?? { task: 0, comment: 0 };
    return path
      .replace('{id}', '40')
      .replace('{task_id}', String(task))
      .replace('{comment_id}', String(comment));
  }
  const slug = id.startsWith('posts')
    ? 'post-5001'
    : id.startsWith('tags')
      ? 'tag-40'
      : 'category-3';
  const value = id.startsWith('categories') ? '3' : id.startsWith('comments') ? '1' : '40';
  return path
    .replace('{id}', id.startsWith('post-comments') ? '1' : value)
    .replace('{comment_id}', '1')
    .replace('{task_id}', String(ofProject[0]?.task))
    .replace('{number}', '6')
    .replace('{label_id}', String(ofProject[0]?.label))
    .replace('{key}', 'K40')
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
    // Has no end; what was missed is read by the index of topics.
    id !== 'live-events' &&
    method === 'GET' &&
    app.hasRoute({ method, url: path.replace(/\{(\w+)\}/g, ':$1') }),
);

t.test('fills the tables', async (t) => {
  const names =
    'api_keys audit_log calendar_tokens comments events notifications post_tags posts project_invitations project_keys ' +
    'project_labels project_members projects refresh_tokens sessions tags task_comments ' +
    'task_mutes task_relations task_watchers tasks users';
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
