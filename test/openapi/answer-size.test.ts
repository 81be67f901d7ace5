import type { OpenAPIV3_1 } from 'openapi-types';
import t from 'tap';
import { createTestApp } from '#test/support/app.js';
import { contract, resolve } from '#test/support/contract.js';
import { operationsOf } from '#test/support/generate-request.js';

type Operation = OpenAPIV3_1.OperationObject;
type Schema = OpenAPIV3_1.SchemaObject;
type Parameter = OpenAPIV3_1.ParameterObject & { schema?: Schema };

/** The maximum size of a list in bytes: 1 MB of long fields, and all others of its items. */
const MAX_LIST = 2_000_000;

/**
 * Lists whose size follows from the request, that are streamed, or that keep at most 1 MB in memory
 * and exist in development only.
 */
const EXEMPT = /^(?:playground-|users-export-|dev-mail-)/;

/** Lists that cannot have as many items as their parameters allow, with the number they have. */
const SHORTER: Record<string, number> = {
  'api-keys-list': 50,
  'api-versions': 2,
  'project-tasks-board': 5,
  'posts-archives': 1200,
  'roles-list': 4,
  'task-relations-list': 50,
};

const { app, signedIn } = await createTestApp(t);
const admin = await signedIn({ username: 'admin', role: 'admin' });

/** The parts of addresses that the contract does not say. */
const PLACES: Record<string, string> = {};

const lists = Object.entries(contract.paths ?? {}).flatMap(([path, item]) => {
  const operation = item?.get as Operation | undefined;
  const id = operation?.operationId ?? '';
  if (operation === undefined || EXEMPT.test(id) || path.endsWith('}')) return [];
  const response = resolve<OpenAPIV3_1.ResponseObject>(
    operation.responses?.['200'] ?? { description: '' },
  );
  const schema = response.content?.['application/json']?.schema;
  const name = schema === undefined ? undefined : listIn(resolve<Schema>(schema as Schema));
  if (name === undefined) return [];
  const parameters = (operation.parameters ?? []).map((each) =>
    resolve<Parameter>(each as Parameter),
  );
  const size = parameters.find((each) => each.name === 'size' || each.name === 'limit');
  return [{ id, path, name, parameters, size }];
});

/** The name of the property that is a list of objects, if there is one. */
function listIn({ type, properties = {} }: Schema): string | undefined {
  if (type === 'array') return '';
  return Object.keys(properties).find((name) => {
    const property = resolve<Schema>(properties[name] as Schema);
    if (property.type !== 'array') return false;
    const { type, ...item } = resolve<Schema>(property.items as Schema);
    return type === 'object' || item.anyOf !== undefined;
  });
}

/** SQL for the longest value that a field of a request may have, in JSON, with a unique end. */
function longest(component: string, field: string, end = "'x'"): string {
  const schema = contract.components?.schemas?.[component] as Schema;
  const whole = (schema.properties?.[field] ?? {}) as Schema;
  const { maxLength, pattern } = [whole, ...((whole.anyOf ?? []) as Schema[])].find(
    (each) => each.maxLength !== undefined,
  ) as Schema;
  const filler = pattern?.startsWith('^[a-z') ? "'a'" : "e'\\x01'";
  return `(repeat(${filler}, ${maxLength} - length((${end})::text)) || (${end})::text)`;
}

/** SQL for a list of as many texts as a field may have. */
function most(component: string, field: string): string {
  const schema = contract.components?.schemas?.[component] as Schema;
  const list = schema.properties?.[field] as OpenAPIV3_1.ArraySchemaObject & Schema;
  const { maxLength } = list.items as Schema;
  return `(select array_agg(repeat(e'\\x01', ${maxLength})) from generate_series(1, ${list.maxItems}))`;
}

/** Fills all tables with the largest rows that requests can make. */
async function fill(): Promise<void> {
  const sql = (text: string) => app.pg.query(text);
  const series = 'generate_series(1, 120) as n';
  await sql(`
    insert into users (username, username_folded, email, email_folded, nickname, bio, avatar_url, age, tags, address)
    select 'u' || lpad(n::text, 49, 'x'), 'u' || lpad(n::text, 49, 'x'),
      ${longest('UserCreate', 'email', 'n')}, ${longest('UserCreate', 'email', 'n')},
      ${longest('UserCreate', 'nickname')}, ${longest('UserCreate', 'bio')},
      rpad('https://', 256, '"'), 150, ${most('UserCreate', 'tags')},
      jsonb_build_object('street', ${longest('Address', 'street')},
        'city', ${longest('Address', 'city')}, 'zipcode', ${longest('Address', 'zipcode')})
    from ${series};
    insert into categories (name, name_folded, slug, description)
    select ${longest('CategoryCreate', 'name', 'n')}, ${longest('CategoryCreate', 'name', 'n')},
       ${longest('CategoryCreate', 'slug', 'n')},
      ${longest('CategoryCreate', 'description')} from ${series};
    insert into tags (name, name_folded, slug)
    select ${longest('TagCreate', 'name', `'word ' || n`)},
      ${longest('TagCreate', 'name', `'word ' || n`)}, ${longest('TagCreate', 'slug', 'n')}
    from ${series};`);
  const post = `select ${longest('PostCreate', 'title', `'word ' || n`)} as title,
      ${longest('PostCreate', 'slug', 'n')} as slug, ${longest('PostCreate', 'summary')} as summary,
      'x' as content, 'x' as content_html, 'word' || repeat(e'\\x01', 5000) as content_text,
      repeat(e'\\x01', 200) as excerpt, 1 as reading_minutes,
      (select max(id) from users) as author_id, (select max(id) from categories) as category_id,
      now() as published_at, to_tsvector('english', 'word ' || n) as search,
      to_tsvector('simple', 'word ' || n) as title_search`;
  const columns = `title, slug, summary, content, content_html, content_text, excerpt,
    reading_minutes, author_id, category_id, published_at, search, title_search`;
  await sql(`insert into posts (${columns}) ${post} from ${series};
    insert into post_slugs (slug, post_id) select slug, id from posts;
    insert into post_tags (post_id, tag_id)
    select posts.id, tags.id from posts, (select id from tags order by id limit 20) tags;
    insert into post_tags (post_id, tag_id)
    select (select min(id) from posts), id from tags on conflict do nothing;
    insert into posts (${columns}, deleted_at, deleted_by)
    select made.*, now(), (select max(id) from users)
    from (${post.replaceAll(' n)', ' (n + 1000))')} from ${series}) made;
    insert into posts (${columns})
    select 'x', 'old-' || n, '', 'x', 'x', 'x', 'x', 1, null, null, '1900-01-01'::date + n * 31, '', ''
    from generate_series(1, 1300) as n;
    update post_views set view_count = 1000000 where post_id <= 120;
    update posts set author_id = 1 + id % 100 where author_id is null
      and id in (select id from posts where author_id is null limit 200);`);
  await sql(`
    insert into comments (post_id, parent_id, thread_id, depth, author_id, content, content_html,
      is_approved, search)
    select (select min(id) from posts), null, null, 0, (select max(id) from users),
      ${longest('CommentCreate', 'content', 'n')}, repeat('"', 65536), true, '' from ${series};
    insert into comments (post_id, parent_id, thread_id, depth, author_id, content, content_html,
      is_approved, search)
    select post_id, id, id, 1, author_id, content, content_html, true, ''
    from comments, generate_series(1, 3) where id <> (select min(id) from comments);
    insert into comments (post_id, parent_id, thread_id, depth, author_id, content, content_html,
      is_approved, search)
    select post_id, id, id, 1, author_id, content, content_html, true, ''
    from comments, generate_series(1, 200) where id = (select min(id) from comments);
    insert into audit_log (actor_id, credential, action, resource, resource_id, address,
      request_id, before, after)
    select (select max(id) from users), 'session', 'user.change', repeat('r', 64), repeat('9', 64),
      repeat('f', 39), repeat('a', 64), to_jsonb(users) - 'password_hash',
      to_jsonb(users) - 'password_hash' from users;
    insert into sessions (user_id, kind, id_hash, address, user_agent, expires_at)
    select (select id from users where username = 'admin'), 'cookie', int4send(n), repeat('f', 39),
      repeat(e'\\x01', 256), '2100-01-01' from ${series};
    insert into tasks (owner_id, summary, searched_summary)
    select (select id from users where username = 'admin'),
      repeat(e'\\x01', 300 - length(n::text)) || n, 'x' from ${series};
    insert into projects (key, name, searched_name, description, time_zone)
    select 'K' || lpad(n::text, 9, '0'), ${longest('ProjectCreate', 'name')}, 'x',
      ${longest('ProjectCreate', 'description')}, ${longest('ProjectCreate', 'time_zone')}
    from generate_series(1, 240) as n;
    insert into project_members (project_id, user_id, role)
    select projects.id, users.id, 'owner' from projects, users
    where users.username = 'admin' and projects.id <= 120;
    insert into project_members (project_id, user_id, role)
    select 1, id, 'member' from users where username <> 'admin';
    insert into project_invitations (project_id, email, email_folded, invited_by, role, expires_at)
    select 1, email, email, id, 'member', '2100-01-01' from users
    where email is not null order by id limit 100;
    insert into project_invitations (project_id, user_id, invited_by, role, expires_at)
    select projects.id, users.id, (select max(id) from users), 'member', '2100-01-01'
    from projects, users where users.username = 'admin' and projects.id > 120;
    insert into project_labels (project_id, name, name_folded, color)
    select 1, name, name, '#808080'
    from ${series}, lateral (select ${longest('ProjectLabelCreate', 'name', 'n')} as name) made;
    insert into tasks (project_id, number, summary, searched_summary, status, position, time_zone)
    select 1, 1000 + n, repeat(e'\\x01', 300), 'x', 'in_progress', '~' || n, 'UTC'
    from generate_series(0, 50) as n;
    insert into task_comments (task_id, author_id, content, content_html, mention_ids)
    select tasks.id, (select max(id) from users), ${longest('TaskCommentCreate', 'content', 'n')},
      repeat('"', 65536), array(select 2000000000 + each from generate_series(1, 50) as each)
    from tasks, ${series} where number = 1000;
    insert into task_watchers (task_id, project_id, user_id)
    select tasks.id, tasks.project_id, user_id from tasks join project_members using (project_id)
    where number = 1000;
    insert into task_relations (task_id, kind, other_id)
    select parent.id, 'duplicates', tasks.id from tasks, tasks as parent
    where tasks.number > 1000 and parent.number = 1000;
    insert into tasks (project_id, number, status, position, time_zone, creator_id, summary,
      searched_summary, assignee_ids, label_ids, start_on, due_on, due_at, estimate, recurrence,
      completed_at)
    select 1, row_number() over (), status, repeat('z', 200), repeat('z', 64),
      (select max(id) from users), ${longest('ProjectTaskCreate', 'summary', 'n')}, 'x',
      (select array_agg(2147483000 + each) from generate_series(1, 19) each) ||
        (select id from users where username = 'admin'),
      (select array_agg(2147483000 + each) from generate_series(1, 20) each),
      '2026-01-31', '2026-02-14', '2026-02-14', 100000, repeat('Z', 200), now()
    from ${series}, unnest(array['todo', 'in_progress', 'review', 'done', 'cancelled']) as status;
    insert into notifications (user_id, member_id, kind, project_id, task_id, actor_id, delivery)
    select users.id, users.id, 'moved', 1, tasks.id, (select max(id) from users), 'app'
    from users, (select max(id) as id from tasks where project_id = 1) tasks, ${series}
    where username = 'admin';
    update tasks set search_vector = to_tsvector('english', 'word ' || id)
      || array_to_tsvector(array['project/1']) where project_id = 1;
    update task_comments set search_vector = to_tsvector('english', 'word ' || id)
      || array_to_tsvector(array['project/1']);
    insert into events (type, topics, resource_id, version, is_public, actor_id, project_id, changes,
      former, omitted)
    select 'task.changed', '{task:1}', (select min(id) from tasks where project_id = 1), 1, false,
      (select max(id) from users), 1, made.changes, made.changes, '{}'
    from ${series}, (select jsonb_build_object('description', repeat(e'\x01', 10000),
      'description_html', repeat(e'\x01', 10000)) as changes) made;
    insert into api_keys (user_id, name, prefix, key_hash, scopes)
    select (select id from users where username = 'admin'), ${longest('ApiKeyCreate', 'name')},
      'alt_12345678', int4send(n), array['users:read'] from generate_series(1, 50) as n;
    select graphile_worker.add_job('notice', '{}', max_attempts => 10) from ${series};
    update graphile_worker._private_jobs set last_error = repeat(e'\\x01', 5000);`);
  const post_id = (await sql('select min(id) as id from posts')).rows[0].id;
  const comment = (await sql('select min(id) as id from comments')).rows[0].id;
  const task = (await sql('select min(id) as id from tasks where project_id = 1')).rows[0].id;
  const slug = async (table: string, order: string) =>
    (await sql(`select slug from ${table} order by id ${order} limit 1`)).rows[0].slug;
  Object.assign(PLACES, {
    'task-comments-list': `/api/v1/projects/1/tasks/${task}/comments`,
    'task-watchers-list': `/api/v1/projects/1/tasks/${task}/watchers`,
    'task-relations-list': `/api/v1/projects/1/tasks/${task}/relations`,
    'projects-list-members': '/api/v1/projects/1/members',
    'projects-list-invitations': '/api/v1/projects/1/invitations',
    'projects-list-labels': '/api/v1/projects/1/labels',
    'project-tasks-list': '/api/v1/projects/1/tasks',
    'project-tasks-board': '/api/v1/projects/1/board',
    'project-tasks-history': `/api/v1/projects/1/tasks/${task}/history`,
    'post-comments-list': `/api/v1/posts/${post_id}/comments`,
    'comments-list-replies': `/api/v1/comments/${comment}/replies`,
    'categories-posts': `/api/v1/categories/${await slug('categories', 'desc')}/posts`,
    'tags-posts': `/api/v1/tags/${await slug('tags', 'asc')}/posts`,
  });
}

await fill();

t.test('bounds every list by bytes, whatever its items', async (t) => {
  t.ok(lists.length >= 19, `${lists.length} lists`);
  for (const { id, path, name, parameters, size } of lists) {
    const url = path.includes('{') ? PLACES[id] : path;
    if (url === undefined) {
      t.fail(`${id}: name its address in PLACES`);
      continue;
    }
    const query = new URLSearchParams();
    if (size !== undefined) query.set(size.name, String(size.schema?.maximum));
    if (parameters.some((each) => each.name === 'q' && each.required)) query.set('q', 'word');
    const { status, text, json } = await admin.get(`${url}?${query}`);
    t.equal(status, 200, id);
    const items = name === '' ? json : json?.[name];
    const expected = SHORTER[id] ?? size?.schema?.maximum;
    t.equal(items.length, expected, `${id}: the test fills the whole list`);
    const bytes = Buffer.byteLength(text);
    t.ok(bytes > 10 * items.length && bytes < MAX_LIST, `${id}: ${bytes} bytes`);
  }
});

t.test('says which items lack their long fields, and gives them with smaller pages', async (t) => {
  for (const [path, field] of [
    ['/api/v1/users?sort=-id', 'bio'],
    ['/api/v1/audit', 'after'],
    ['/api/v1/comments', 'content'],
  ] as const) {
    const at = (query: string) => `${path}${path.includes('?') ? '&' : '?'}${query}`;
    const { items, total, has_next } = (await admin.get(at('size=100'))).json;
    t.equal(has_next, true);
    t.ok(total > 100);
    const isBare = (item: Record<string, unknown>) => item[field] === '' || item[field] === null;
    const cut = items.filter(({ is_truncated = false }) => is_truncated);
    t.ok(cut.length > 0 && cut.length < items.length, `${path}: ${cut.length} of ${items.length}`);
    t.ok(cut.every(isBare) && items.indexOf(cut[0]) === items.length - cut.length, 'the last ones');
    t.notOk(items.slice(0, -cut.length).some(isBare));
    const small = (await admin.get(at('size=5&page=20'))).json.items;
    t.same(
      small.map((item: { id: number }) => item.id),
      items.slice(-5).map((item: { id: number }) => item.id),
    );
    t.notOk(small.some((item: Record<string, unknown>) => 'is_truncated' in item || isBare(item)));
  }
  const one = (await admin.get('/api/v1/users/2')).json;
  t.ok(one.bio.length === 2000 && !('is_truncated' in one));
});

t.test('lists the newest months of the archives', async (t) => {
  const { items } = (await admin.get('/api/v1/posts/archives')).json;
  const months = items.map(({ month }: { month: string }) => month);
  t.same(months, [...months].sort().reverse());
  t.equal(months[0], new Date().toISOString().slice(0, 7));
});

/** The maximum size of an error in bytes: 1 MB of values and messages, and the rest of the body. */
const MAX_ERROR = 1_001_000;

/** Bodies that break many rules, each with values of about so many bytes. */
const BROKEN: Record<string, (bytes: number) => unknown> = {
  'an unknown field': (bytes) => ({ x: 'x'.repeat(bytes) }),
  'an unknown field of three bytes for each character': (bytes) => ({
    x: '\u4e00'.repeat(bytes / 3),
  }),
  'control characters': (bytes) => ({ x: '\u0001'.repeat(bytes / 6) }),
  'a list of empty objects': (bytes) => Array(Math.floor(bytes / 3)).fill({}),
  'a list of objects': (bytes) =>
    Array.from({ length: 100 }, () => ({ x: 'x'.repeat(bytes / 110) })),
  'a list of a hundred empty objects': () => Array(100).fill({}),
  'lists and objects in all fields': (bytes) => {
    const names = ['title', 'content', 'tags', 'address', 'username', 'items', 'ids', 'name'];
    return Object.fromEntries(
      names.map((name) => [name, Array(Math.floor(bytes / 64)).fill({ a: 1 })]),
    );
  },
};

t.test('bounds every error by bytes, whatever the body', async (t) => {
  const writes = operationsOf(contract).filter(({ operation }) => {
    const body = operation.requestBody as OpenAPIV3_1.RequestBodyObject | undefined;
    return body !== undefined && 'application/json' in resolve(body).content;
  });
  t.ok(writes.length > 30, `${writes.length} operations`);
  const sizes = [8_000_000, 2_000_000, 600_000, 100_000, 15_000];
  const bodies = Object.entries(BROKEN).map(([name, make]) => ({
    name,
    payloads: sizes.map((bytes) => JSON.stringify(make(bytes))),
  }));
  let most = 0;
  for (const { id, method, path } of writes) {
    for (const { name, payloads } of bodies) {
      for (const payload of payloads) {
        const reply = await admin.request({
          method: method.toUpperCase() as 'POST',
          url: path.replace(/\{\w+\}/g, '1'),
          payload,
          headers: { 'content-type': 'application/json' },
        });
        if (reply.status === 413) continue;
        const size = Buffer.byteLength(reply.text);
        most = Math.max(most, size);
        if (size > MAX_ERROR) t.fail(`${id}, ${name}: ${size} bytes`);
        break;
      }
    }
  }
  t.ok(most > 500_000, `${most} bytes: large errors were among them`);
});

t.test('leaves out the largest values of an error, and those only', async (t) => {
  const send = async (x: string, language = 'en') => {
    const headers = { 'accept-language': language };
    const { status, json, text } = await admin.post('/api/v1/posts', { x }, headers);
    t.equal(status, 422);
    t.ok(Buffer.byteLength(text) <= MAX_ERROR);
    return json.detail;
  };
  const small = await send('x'.repeat(400_000));
  t.equal(small.length, 2);
  for (const { input } of small) t.equal(input.x.length, 400_000, 'unchanged up to 1 MB');
  for (const language of ['en', 'zh']) {
    const large = await send('x'.repeat(600_000), language);
    t.equal(large.length, 2, 'all errors are there');
    const keys = large.map((item: object) => Object.keys(item).join());
    t.same(keys, ['type,loc,msg', 'type,loc,msg,input']);
  }
  t.notOk((await send('x'.repeat(2_000_000))).some((item: object) => 'input' in item));
  const users = Array.from({ length: 100 }, () => ({ username: '', age: 'x'.repeat(40_000) }));
  const bulk = await admin.post('/api/v1/users/bulk', users);
  t.equal(bulk.status, 422);
  t.equal(bulk.json.detail.length, 200);
  const empty = bulk.json.detail.filter(({ loc }: { loc: string[] }) => loc[2] === 'username');
  t.ok(
    empty.every(({ input }: { input: string }) => input === ''),
    'small values stay',
  );
});
