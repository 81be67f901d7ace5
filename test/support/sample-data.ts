import type { FastifyInstance } from 'fastify';
import { enqueue } from '#src/queue/store.js';
import type { TestApp } from './app.js';
import { insertTestComments, insertTestPost } from './articles.js';
import { keyOf, tokenOf } from './credentials.js';

/** The slugs of the category and the tag of all sample posts. */
export const TOPICS = { category: 'sampled', tag: 'sampled' };

/**
 * Adds this many of everything that lists show: users, posts, drafts and posts in the trash, with a
 * tag of their own, comments and replies, and audit log entries, jobs, sessions and API keys of the
 * user.
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
  return post;
}

async function categoryOf(app: FastifyInstance): Promise<number> {
  const { rows } = await app.pg.query(
    `insert into categories (name, name_folded, slug) values ($1, $1, $1)
     on conflict (name_folded) do update set slug = excluded.slug returning id`,
    [TOPICS.category],
  );
  return rows[0].id;
}
