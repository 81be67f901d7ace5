import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { contentVector, postVector, titleVector } from '#src/articles/stores/post-vectors.js';
import type { Database } from '#src/db/database.js';
import type { Schema } from '#src/db/tables.js';
import { renderMarkdown } from '#src/markdown/markdown.js';
import { textVector } from '#src/search/search-sql.js';
import { indexedWords } from '#src/search/search-words.js';
import { makeTexts } from './texts.js';

export interface Sizes {
  /** Number of users, of which the first are the authors; default: the authors alone. */
  users?: number;
  posts: number;
  comments: number;
  /** The same seed gives the same data. */
  seed: number;
}

/**
 * Posts with special comment threads, and their comment counts: a tree with three replies per
 * comment, and a chain.
 */
export const TREE = { post: 1, comments: 500 };
export const CHAIN = { post: 2, comments: 10_000 };

/** One in this many posts and comments contains the rare words. */
const RARE = 10_000;

const AUTHORS = 200;
const CATEGORIES = 10;
const TAGS = 50;
const TEXTS = 300;
const POST_WORDS = 80;
const COMMENT_WORDS = 12;

/**
 * Fills an empty, migrated database with users, posts (some drafts) and comments (some pending or
 * deleted), then runs `vacuum analyze`. Takes seconds, not minutes: rows are generated in SQL from
 * a few prepared texts, foreign keys are not checked, and indexes are built last.
 */
export async function fillArticles(databaseUrl: string, sizes: Sizes): Promise<void> {
  // A single connection, because session settings and temporary tables must last for all
  // statements.
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`set session_replication_role = replica`.execute(db);
    await sql`set maintenance_work_mem = '512MB'`.execute(db);
    await sql`set synchronous_commit = off`.execute(db);
    await sql`select setseed(${(sizes.seed % 1000) / 1000})`.execute(db);
    await fillTexts(db, sizes.seed);
    const indexes = await dropIndexes(db);
    await fillTopics(db);
    await fillUsers(db, sizes.users ?? AUTHORS);
    await fillPosts(db, sizes.posts);
    await fillComments(db, sizes);
    for (const { definition } of indexes) await sql.raw(definition).execute(db);
    await sql`vacuum analyze`.execute(db);
  } finally {
    await db.destroy();
  }
}

async function fillTexts(db: Database, seed: number): Promise<void> {
  await sql`create temporary table texts (
    n integer, kind text, title text, content text, html text, excerpt text,
    search tsvector, title_search tsvector)`.execute(db);
  const kinds = { post: POST_WORDS, comment: COMMENT_WORDS };
  for (const [kind, length] of Object.entries(kinds)) {
    for (const [n, { title, content }] of makeTexts(seed, TEXTS, length).entries()) {
      const { html, excerpt, words } = renderMarkdown(content);
      const vector =
        kind === 'post'
          ? postVector({ title, summary: '', tags: [] }, contentVector(words))
          : textVector(words);
      await sql`insert into texts values
        (${n}, ${kind}, ${title}, ${content}, ${html}, ${excerpt}, ${vector}, ${titleVector(title)})`.execute(
        db,
      );
    }
  }
}

/** Drops all indexes except primary keys; returns their definitions for recreation. */
async function dropIndexes(db: Database): Promise<{ name: string; definition: string }[]> {
  const { rows } = await sql<{ name: string; definition: string }>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid in ('posts'::regclass, 'comments'::regclass, 'post_tags'::regclass,
                       'post_views'::regclass, 'post_slugs'::regclass, 'users'::regclass)
      and not indisprimary
    order by name`.execute(db);
  for (const { name } of rows) await sql`drop index ${sql.id(name)}`.execute(db);
  return rows;
}

async function fillTopics(db: Database): Promise<void> {
  await sql`insert into users (username, username_folded)
    select 'author_' || n, 'author_' || n from generate_series(1, ${AUTHORS}::integer) as n`.execute(
    db,
  );
  await sql`insert into categories (name, name_folded, slug)
    select 'Category ' || n, 'category ' || n, 'category-' || n from generate_series(1, ${CATEGORIES}::integer) as n`.execute(
    db,
  );
  await sql`insert into tags (name, name_folded, slug, search_words)
    select 'tag ' || n, 'tag ' || n, 'tag-' || n, ${indexedWords('tag')} || ' ' || n
    from generate_series(1, ${TAGS}::integer) as n`.execute(db);
}

async function fillUsers(db: Database, count: number): Promise<void> {
  await sql`
    insert into users (username, username_folded, email, email_folded, nickname, is_active,
      created_at)
    select 'user_' || n, 'user_' || n, 'user_' || n || '@example.com',
      'user_' || n || '@example.com', 'Number ' || n, n % 50 <> 7,
      now() - interval '5 years' + n * (interval '5 years' / ${count}::integer)
    from generate_series(${sql.lit(AUTHORS + 1)}, ${count}::integer) as n`.execute(db);
}

async function fillPosts(db: Database, count: number): Promise<void> {
  await sql`
    insert into posts (id, title, slug, content, content_html, content_text, excerpt,
      reading_minutes, author_id, category_id, created_at, published_at, search, title_search)
    overriding system value
    select made.n, title || ' ' || made.n, 'post-' || made.n, content, html, content, excerpt,
      1, 1 + floor(random() * ${sql.lit(AUTHORS)}), 1 + floor(random() * ${sql.lit(CATEGORIES)}), at,
      case when made.n % 50 <> 7 then at end, search, title_search
    from (
      select n, ${textOf('n')} as text,
        now() - interval '5 years' + n * (interval '5 years' / ${count}::integer) as at
      from generate_series(1, ${count}::integer) as n
    ) as made
    join texts on texts.n = made.text and texts.kind = 'post'
    order by made.n`.execute(db);
  await sql`select setval(pg_get_serial_sequence('posts', 'id'), ${count})`.execute(db);
  await sql`insert into post_slugs (slug, post_id)
    select slug, id from posts where published_at is not null`.execute(db);
  // Few posts are read very often, most hardly ever.
  await sql`insert into post_views (post_id, view_count)
    select id, floor(random() ^ 8 * 100000) from posts`.execute(db);
  await sql`insert into post_tags (post_id, tag_id)
    select distinct posts.id, 1 + floor(random() ^ 2 * ${sql.lit(TAGS)})::integer
    from posts, generate_series(1, 3)`.execute(db);
}

async function fillComments(db: Database, { posts, comments }: Sizes): Promise<void> {
  const tree = sql.lit(TREE.comments);
  const special = sql.lit(TREE.comments + CHAIN.comments);
  const count = Math.max(comments, TREE.comments + CHAIN.comments);
  // The tree comes first, then the chain. Of the rest, every second comment replies to the previous
  // one.
  await sql`
    insert into comments (id, post_id, parent_id, thread_id, depth, author_id, content,
      content_html, is_approved, deleted_at, created_at, search)
    overriding system value
    select made.n, post_id, parent_id, case when parent_id is not null then thread_id end, depth,
      1 + floor(random() * ${sql.lit(AUTHORS)}), content, html,
      made.n <= ${special} or random() < 0.98,
      case when made.n > ${special} and random() < 0.01 then now() end,
      now() - interval '1 year' + made.n * (interval '1 year' / ${count}::integer), search
    from (
      select n, ${sql.lit(TREE.post)} as post_id, case when n > 1 then (n + 1) / 3 end as parent_id,
        1 as thread_id, (ceil(ln(2 * n + 1) / ln(3) - 1e-9) - 1)::integer as depth
      from generate_series(1, ${tree}) as n
      union all
      select n, ${sql.lit(CHAIN.post)}, case when n > ${tree} + 1 then n - 1 end, ${tree} + 1, n - ${tree} - 1
      from generate_series(${tree} + 1, ${special}) as n
      union all
      select n, 3 + (hashint4((n + 1) / 2) & 2147483647) % ${posts - 2}::integer,
        case when n % 2 = 0 then n - 1 end, n - 1, (n + 1) % 2
      from generate_series(${special} + 1, ${count}::integer) as n
    ) as made
    join texts on texts.n = ${textOf('made.n')} and texts.kind = 'comment'
    order by made.n`.execute(db);
  await sql`select setval(pg_get_serial_sequence('comments', 'id'), ${count}::integer)`.execute(db);
}

/** SQL for the text of the n-th row. Text 0, with the rare words, is used once per `RARE` rows. */
function textOf(n: string) {
  const number = sql.ref(n);
  return sql`case when ${number} % ${sql.lit(RARE)} = 0 then 0
    else 1 + (hashint4(${number}) & 2147483647) % ${sql.lit(TEXTS - 1)} end`;
}
