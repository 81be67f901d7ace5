import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { contentVector, postVector, titleVector } from '#src/articles/stores/post-vectors.js';
import type { Schema } from '#src/db/tables.js';
import { renderMarkdown } from '#src/markdown/markdown.js';
import { hashPassword } from '#src/people/services/passwords.js';
import { insertUser } from '#src/people/stores/user-changes.js';
import { indexedWords } from '#src/search/search-words.js';

/** The attacker's account: an author, as anyone can register one. */
export const AUTHOR = { username: 'mallory', password: 'BenchPass-4711!' };

/** Published posts, each of about 24 KB, that contain the word `data` many times. */
const POSTS = 120;
const PARAGRAPHS = 200;

/** Pending comments of the attacker's own. */
const COMMENTS = 1000;

/** Fills an empty, migrated database with what the attacks need. */
export async function prepare(databaseUrl: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    const { id } = await insertUser(db, {
      username: AUTHOR.username,
      email: 'mallory@example.com',
      role: 'author',
      password_hash: await hashPassword(AUTHOR.password),
    });
    await insertPosts(db, id);
    await insertComments(pool, id);
    await pool.query('vacuum analyze');
  } finally {
    await db.destroy();
  }
}

async function insertPosts(db: Kysely<Schema>, authorId: number): Promise<void> {
  const now = new Date().toISOString();
  for (let number = 0; number < POSTS; number += 1) {
    const title = `Notes on data ${number}`;
    const paragraph = `The pool keeps *data* of part ${number} near, and the reader asks for the data again, and again for the data of the day.`;
    const content = Array.from({ length: PARAGRAPHS }, () => paragraph).join('\n\n');
    const { html, text, excerpt, readingMinutes } = renderMarkdown(content);
    const { id } = await db
      .insertInto('posts')
      .values({
        title,
        slug: `notes-on-data-${number}`,
        content,
        content_html: html,
        content_text: text,
        excerpt,
        reading_minutes: readingMinutes,
        author_id: authorId,
        created_at: now,
        published_at: now,
        search: postVector({ title, summary: '', tags: [] }, contentVector(indexedWords(text))),
        title_search: titleVector(title),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await db
      .insertInto('post_slugs')
      .values({ slug: `notes-on-data-${number}`, post_id: id })
      .execute();
  }
}

/** Comments of the greatest length, whose HTML is many times as long as their text. */
async function insertComments(pool: pg.Pool, authorId: number): Promise<void> {
  const content = '> '.repeat(1000).padEnd(4900, '*a*');
  const { html } = renderMarkdown(content);
  await pool.query(
    `insert into comments (post_id, author_id, content, content_html, is_approved, depth, search)
     select (select min(id) from posts), $1, $2, $3, false, 0, ''::tsvector
     from generate_series(1, $4::integer)`,
    [authorId, content, html.slice(0, 60_000), COMMENTS],
  );
}
