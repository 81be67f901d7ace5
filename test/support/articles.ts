import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { slugOf } from '#src/articles/lib/slugs.js';
import { contentVector, postVector, titleVector } from '#src/articles/stores/post-vectors.js';
import { fold } from '#src/lib/fold.js';
import { renderMarkdown } from '#src/markdown/markdown.js';
import { textVector } from '#src/search/search-sql.js';
import { indexedWords } from '#src/search/search-words.js';

/** Properties of a test post; omitted ones get default values. */
export interface TestPost {
  title: string;
  slug?: string;
  content?: string;
  summary?: string;
  /** Names of tags; missing tags are created. */
  tags?: string[];
  author_id?: number | null;
  category_id?: number | null;
  /** When the post was published; null for a draft. Defaults to now. */
  published_at?: string | null;
  created_at?: string;
}

/** Inserts a post directly into the database, for tests of reading. */
export async function insertTestPost(
  app: FastifyInstance,
  post: TestPost,
): Promise<{ id: number; slug: string }> {
  const { title, content = 'Some words.', summary = '', tags = [], author_id = null } = post;
  const now = new Date().toISOString();
  const { html, text, excerpt, readingMinutes, words } = renderMarkdown(content);
  const slug = post.slug ?? slugOf(title, 200);
  const { id } = await app.db
    .insertInto('posts')
    .values({
      title,
      slug,
      summary,
      content,
      content_html: html,
      content_text: text,
      excerpt,
      reading_minutes: readingMinutes,
      author_id,
      category_id: post.category_id ?? null,
      published_at: post.published_at === undefined ? now : post.published_at,
      created_at: post.created_at ?? now,
      search: postVector({ title, summary, tags }, contentVector(words)),
      title_search: titleVector(title),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  if (post.published_at !== null) {
    await app.db.insertInto('post_slugs').values({ slug, post_id: id }).execute();
  }
  for (const name of tags) {
    await sql`insert into tags (name, name_folded, slug, search_words)
      values (${name}, ${fold(name)}, ${slugOf(name, 50)}, ${indexedWords(name)})
      on conflict do nothing`.execute(app.db);
    await sql`insert into post_tags (post_id, tag_id)
      select ${id}, id from tags where name_folded = ${fold(name)}`.execute(app.db);
  }
  // A request that creates a post invalidates the cached responses, too.
  app.sharedReads.invalidate();
  return { id, slug };
}

/** Properties of a test comment; omitted ones get default values. */
export interface TestComment {
  /** The index, in the same list, of the comment that it replies to. */
  parent?: number;
  content?: string;
  author_id?: number;
  /** Defaults to true. */
  is_approved?: boolean;
  /** The id of the user who deleted it. */
  deleted_by?: number;
  /** Milliseconds since the previous comment. Defaults to 1. */
  after?: number;
}

/**
 * Inserts comments directly into the database, all in one statement.
 *
 * @returns their ids, in the order of `comments`
 */
export async function insertTestComments(
  app: FastifyInstance,
  postId: number,
  comments: TestComment[],
): Promise<number[]> {
  const { rows } = await app.pg.query(
    `select nextval(pg_get_serial_sequence('comments', 'id'))::integer as id
     from generate_series(1, $1)`,
    [comments.length],
  );
  const ids: number[] = rows.map(({ id }) => id);
  const places: { thread_id: number | null; depth: number }[] = [];
  let at = app.clock().getTime();
  const values = comments.map(({ parent, ...comment }, index) => {
    const above = parent === undefined ? undefined : places[parent];
    const parentId = parent === undefined ? null : ids[parent];
    const place = {
      thread_id: above === undefined ? null : (above.thread_id ?? parentId ?? null),
      depth: above === undefined ? 0 : above.depth + 1,
    };
    places.push(place);
    at += comment.after ?? 1;
    return {
      ...place,
      id: ids[index],
      parent_id: parentId,
      author_id: comment.author_id ?? null,
      content: comment.content ?? `comment ${index}`,
      is_approved: comment.is_approved ?? true,
      created_at: new Date(at).toISOString(),
      deleted_at: comment.deleted_by === undefined ? null : new Date(at).toISOString(),
      deleted_by: comment.deleted_by ?? null,
    };
  });
  await app.pg.query(
    `insert into comments (id, post_id, parent_id, thread_id, depth, author_id, content,
       content_html, is_approved, search, created_at, updated_at, deleted_at, deleted_by)
     overriding system value
     select id, $1, parent_id, thread_id, depth, author_id, content, '<p>' || content || '</p>',
       is_approved, to_tsvector('english', content), created_at, created_at, deleted_at, deleted_by
     from jsonb_to_recordset($2::jsonb) as t (id integer, parent_id integer, thread_id integer,
       depth integer, author_id integer, content text, is_approved boolean,
       created_at timestamptz, deleted_at timestamptz, deleted_by integer)`,
    [postId, JSON.stringify(values)],
  );
  return ids;
}

/** Returns a chain of comments, each a reply to the previous one. */
export function chainOf(length: number, each: (index: number) => TestComment = () => ({})) {
  return Array.from({ length }, (_, index) => ({
    ...(index === 0 ? {} : { parent: index - 1 }),
    ...each(index),
  }));
}

/** Properties of a test comment, with the id of its post. */
export interface SingleComment {
  post_id: number;
  content?: string;
  author_id?: number | null;
  /** The comment that it replies to, as returned by `insertTestComment`. */
  parent?: { id: number; thread_id: number | null; depth: number };
  is_approved?: boolean;
  deleted_at?: string | null;
  created_at?: string;
}

/** Inserts a comment directly into the database, approved by default. */
export async function insertTestComment(
  app: FastifyInstance,
  { content = 'Well said.', parent, ...comment }: SingleComment,
): Promise<{ id: number; thread_id: number | null; depth: number }> {
  const { html, words } = renderMarkdown(content);
  return app.db
    .insertInto('comments')
    .values({
      is_approved: true,
      ...comment,
      content,
      content_html: html,
      search: textVector(words),
      parent_id: parent?.id ?? null,
      thread_id: parent === undefined ? null : (parent.thread_id ?? parent.id),
      depth: parent === undefined ? 0 : parent.depth + 1,
    })
    .returning(['id', 'thread_id', 'depth'])
    .executeTakeFirstOrThrow();
}
