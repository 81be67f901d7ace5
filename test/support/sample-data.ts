import type { FastifyInstance } from 'fastify';
import { enqueue } from '#src/queue/store.js';
import type { TestApp } from './app.js';
import { insertTestComments, insertTestPost } from './articles.js';
import { keyOf, tokenOf } from './credentials.js';

/** The slugs of the category and the tag of all sample posts. */
export const TOPICS = { category: 'sampled', tag: 'sampled' };

/**
 * Adds this many of everything that lists show: users, posts, drafts and posts in the trash, with a
 * tag of their own, comments and replies, and audit log entries, tasks, projects and invitations to
 * others, jobs, sessions, API keys and notifications of the user. The first project gets the members, invitations,
 * labels and tasks, and the first of these has a history.
 *
 * @returns the id of the first new post, which has all of the comments
 */
export async function addSamples(
  testApp: TestApp,
  user: { id: number },
  count: number,
  name: string,
): Promise<number> {
  const { app } = testApp;
  await app.pg.query(
    `insert into users (username, username_folded)
     select format('%s_%s', $1::text, n), format('%s_%s', $1::text, n)
     from generate_series(1, $2::integer) as n`,
    [name, count],
  );
  const category_id = await categoryOf(app);
  const posts: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const title = `${name} words ${index}`;
    const post = { author_id: user.id, category_id, tags: [TOPICS.tag, `${name} ${index}`] };
    posts.push((await insertTestPost(app, { ...post, title })).id);
    const draft = { ...post, published_at: null };
    await insertTestPost(app, { ...draft, title: `${title} draft` });
    const { id } = await insertTestPost(app, { ...draft, title: `${title} deleted` });
    await app.pg.query('update posts set deleted_at = now(), deleted_by = $2 where id = $1', [
      id,
      user.id,
    ]);
    await app.pg.query(
      `insert into tasks (owner_id, summary, searched_summary) values ($1, $2, $2)`,
      [user.id, title],
    );
    await enqueue(app.db, 'notice', {} as never, { key: title });
    await tokenOf(testApp, user.id);
    await keyOf(testApp, user.id, ['me:read']);
  }
  const [post = 0] = posts;
  const comments = Array.from({ length: count }, () => ({ author_id: user.id }));
  await insertTestComments(app, post, [
    ...comments,
    ...comments.map((each) => ({ ...each, parent: 0 })),
  ]);
  await app.pg.query(
    `insert into audit_log (at, actor_id, action, resource, resource_id)
     select now(), $1, 'user.change', 'user', n::text from generate_series(1, $2::integer) as n`,
    [user.id, count],
  );
  await addProjects(app, user.id, count, name);
  await addPartsOfTask(app, user.id, count);
  return post;
}

async function addProjects(
  { pg }: FastifyInstance,
  userId: number,
  count: number,
  name: string,
): Promise<void> {
  await pg.query(
    `with made as (
       insert into projects (key, name, searched_name, time_zone)
       select upper($2::text) || n, $2::text, $2::text, 'UTC' from generate_series(1, $3::integer) as n
       returning id, key),
     keys as (insert into project_keys (key, project_id) select key, id from made)
     insert into project_members (project_id, user_id, role) select id, $1::integer, 'owner' from made`,
    [userId, name, count],
  );
  await pg.query(
    `with made as (
       insert into projects (key, name, searched_name, time_zone)
       select upper($2::text) || 'X' || n, $2::text, $2::text, 'UTC' from generate_series(1, $3::integer) as n
       returning id)
     insert into project_invitations (project_id, user_id, invited_by, role, expires_at)
     select id, $1::integer, (select max(id) from users), 'member', '2100-01-01' from made`,
    [userId, name, count],
  );
  await pg.query(
    `insert into project_members (project_id, user_id, role)
     select (select min(id) from projects), id, 'member' from users where username like $1 || '\\_%'`,
    [name],
  );
  await pg.query(
    `insert into project_invitations
       (project_id, email, email_folded, invited_by, role, expires_at)
     select min(projects.id), email, email, $1::integer, 'member', '2100-01-01'
     from projects, generate_series(1, $3::integer) as n, format('%s%s@example.net', $2::text, n) as email
     group by email`,
    [userId, name, count],
  );
  await pg.query(
    `insert into project_labels (project_id, name, name_folded, color)
     select min(projects.id), label, label, '#808080'
     from projects, generate_series(1, $2::integer) as n, format('%s %s', $1::text, n) as label
     group by label`,
    [name, count],
  );
  await pg.query(
    `with first as (select min(id) as id from projects),
     made as (
       insert into tasks (project_id, number, status, position, time_zone, creator_id, assignee_ids,
         label_ids, summary, searched_summary, search_vector)
       select first.id,
         n + (select coalesce(max(number), 0) from tasks where project_id = first.id),
         (array['todo', 'in_progress', 'review', 'done', 'cancelled'])[1 + n % 5],
         'a' || upper($2::text) || lpad(n::text, 6, '0'), 'UTC', $1::integer, array[$1::integer],
         (select array_agg(id) from (select id from project_labels order by id limit 2) labels),
         $2::text || ' words ' || n, $2::text || ' words ' || n,
         setweight(to_tsvector('english', $2::text || ' words ' || n), 'A')
           || array_to_tsvector(array['project/' || first.id])
       from first, generate_series(1, $3::integer) as n returning number)
     update projects set last_number = (select max(number) from made)
     where id = (select id from first)`,
    [userId, name, count],
  );
  await pg.query(
    `insert into events
       (type, topics, resource_id, is_public, actor_id, project_id, changes, former)
     select 'task.changed', array['task:' || first.id], first.id, false, $1::integer,
       first.project_id, jsonb_build_object('priority', 'high'),
       jsonb_build_object('priority', 'normal')
     from (select id, project_id from tasks where number = 1) first, generate_series(1, $2::integer)`,
    [userId, count],
  );
}

/**
 * Adds comments, relations and watchers to the first task with a comment, which is made if need be,
 * and notifications about it.
 */
async function addPartsOfTask(
  { pg }: FastifyInstance,
  userId: number,
  count: number,
): Promise<void> {
  const insertTasks = (most: number) =>
    pg.query(
      `insert into tasks
         (project_id, number, summary, searched_summary, status, position, time_zone)
       select project, last + n, 'Part', 'part', 'cancelled', 'b' || (last + n), 'UTC'
       from (
         select min(projects.id) as project, coalesce(max(number), 100) as last
         from projects left join tasks on project_id = projects.id
         where projects.id = (select min(id) from projects)) found, generate_series(1, $1::integer) n
       returning id`,
      [most],
    );
  const { rows } = await pg.query('select min(task_id) as id from task_comments');
  const task: number = rows[0].id ?? (await insertTasks(1)).rows[0].id;
  await pg.query(
    `insert into task_comments (task_id, author_id, content, content_html, search_vector)
     select tasks.id, $2, 'Words ' || n, '<p>Words</p>',
       to_tsvector('english', 'Words ' || n) || array_to_tsvector(array['project/' || project_id])
     from tasks, generate_series(1, $3::integer) n where tasks.id = $1`,
    [task, userId, count],
  );
  const others = (await insertTasks(count)).rows.map(({ id }) => id as number);
  await pg.query(
    `insert into task_relations (task_id, kind, other_id)
     select $1, 'relates', unnest($2::integer[])`,
    [task, others],
  );
  await pg.query(
    `insert into task_watchers (task_id, project_id, user_id)
     select $1, project_id, user_id from project_members
     where project_id = (select project_id from tasks where id = $1) on conflict do nothing`,
    [task],
  );
  await pg.query(
    `insert into notifications (user_id, member_id, kind, project_id, task_id, actor_id, delivery)
     select user_id, user_id, 'moved', project_id, task_id, $2, 'app'
     from task_watchers, generate_series(1, $3::integer) where task_id = $1 and user_id = $2`,
    [task, userId, count],
  );
}

async function categoryOf(app: FastifyInstance): Promise<number> {
  const { rows } = await app.pg.query(
    `insert into categories (name, name_folded, slug) values ($1, $1, $1)
     on conflict (name_folded) do update set slug = excluded.slug returning id`,
    [TOPICS.category],
  );
  return rows[0].id;
}
