import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { renderMarkdown } from '../../src/lib/markdown.js';
import { indexedWords } from '../../src/lib/search-words.js';
import { slugOf } from '../../src/lib/slugs.js';
import { commentVector, postVector, titleVector } from '../../src/stores/search-vectors.js';

/** A post as tests want it; what is left out is made up. */
export interface TestPost {
  title: string;
  slug?: string;
  content?: string;
  summary?: string;
  /** Names of tags, which are created where there are none. */
  tags?: string[];
  author_id?: number | null;
  category_id?: number | null;
  /** When it was published; null for a draft. Now, if it is left out. */
  published_at?: string | null;
  created_at?: string;
}

/** Writes a post straight into the database, for tests of what reads it. */
export async function insertTestPost(
  app: FastifyInstance,
  post: TestPost,
): Promise<{ id: number; slug: string }> {
  const { title, content = 'Some words.', summary = '', tags = [], author_id = null } = post;
  const now = new Date().toISOString();
  const { html, text, excerpt, readingMinutes } = renderMarkdown(content);
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
      search: postVector({ title, summary, content: text, tags }),
      title_search: titleVector(title),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await app.db.insertInto('post_slugs').values({ slug, post_id: id }).execute();
  for (const name of tags) {
    await sql`insert into tags (name, slug, search_words)
      values (${name}, ${slugOf(name, 50)}, ${indexedWords(name)})
      on conflict do nothing`.execute(app.db);
    await sql`insert into post_tags (post_id, tag_id)
      select ${id}, id from tags where lower(name) = lower(${name})`.execute(app.db);
  }
  return { id, slug };
}

/** A comment as tests want it; what is left out is made up. */
export interface TestComment {
  post_id: number;
  content?: string;
  author_id?: number | null;
  /** The comment that it answers, as `insertTestComment` returned it. */
  parent?: { id: number; thread_id: number | null; depth: number };
  is_approved?: boolean;
  deleted_at?: string | null;
  created_at?: string;
}

/** Writes a comment straight into the database, approved unless it says otherwise. */
export async function insertTestComment(
  app: FastifyInstance,
  { content = 'Well said.', parent, ...comment }: TestComment,
): Promise<{ id: number; thread_id: number | null; depth: number }> {
  const { html, text } = renderMarkdown(content);
  return app.db
    .insertInto('comments')
    .values({
      is_approved: true,
      ...comment,
      content,
      content_html: html,
      search: commentVector(text),
      parent_id: parent?.id ?? null,
      thread_id: parent === undefined ? null : (parent.thread_id ?? parent.id),
      depth: parent === undefined ? 0 : parent.depth + 1,
    })
    .returning(['id', 'thread_id', 'depth'])
    .executeTakeFirstOrThrow();
}
