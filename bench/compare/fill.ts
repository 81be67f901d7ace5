import pg from 'pg';
import { fillArticles } from '#bench/articles/fill.js';
import { hashSecret } from '#src/lib/random-secrets.js';
import { hashPassword } from '#src/people/services/passwords.js';

/** The numbers of rows that all contenders read. */
export interface DataSize {
  users: number;
  posts: number;
}

export const NORMAL: DataSize = { users: 10_000, posts: 20_000 };
export const LARGE: DataSize = { users: 1_000_000, posts: 100_000 };

export const PASSWORD = 'BenchPass-4711!';
export const ADMIN = 'bench_admin';
export const AUTHOR = 'bench_author';

/** An API key of the author. */
export const API_KEY = `alt_bench000_${'bench'.repeat(8)}`;

/** The post with all tags, and many comments. */
export const RICH_POST = 5001;

const COMMENTS_PER_POST = 2;
const RICH_COMMENTS = 60;
const ADMIN_MASK = 143;
const AUTHOR_MASK = 7;

/** Fills an empty, migrated database. The same size gives the same data, except for timestamps. */
export async function fill(databaseUrl: string, { users, posts }: DataSize): Promise<void> {
  await fillArticles(databaseUrl, { posts, comments: posts * COMMENTS_PER_POST, seed: 1 });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `insert into users (username, username_folded, email, email_folded, nickname,
         searched_nickname, bio, avatar_url, age, tags, address)
       select name, name, name || '@example.com', name || '@example.com', 'Number ' || n,
         'number ' || n, 'A few words about ' || name || ', as people write them of themselves.',
         'https://example.com/' || name || '.png', 18 + n % 60, '{staff,beta}',
         '{"street": "Main St 123", "city": "Shenzhen", "zipcode": "518000"}'
       from generate_series(1, $1::integer - (select count(*)::integer from users) - 2) as n,
         lateral (select 'user_' || n as name) as named`,
      [users],
    );
    const hash = await hashPassword(PASSWORD);
    await client.query(
      `insert into users (username, username_folded, password_hash, permissions)
       values ($1, $1, $3, ${ADMIN_MASK}), ($2, $2, $3, ${AUTHOR_MASK})`,
      [ADMIN, AUTHOR, hash],
    );
    await client.query('insert into post_tags select $1, id from tags on conflict do nothing', [
      RICH_POST,
    ]);
    await client.query(
      `insert into comments (post_id, author_id, content, content_html, is_approved, search)
       select $1, author_id, content, content_html, true, search
       from comments where id > 10500 and parent_id is null limit ${RICH_COMMENTS}`,
      [RICH_POST],
    );
    await client.query(
      `insert into api_keys (user_id, name, prefix, key_hash, scopes)
       select id, 'bench', 'alt_bench000', $2, '{users:read}' from users where username = $1`,
      [AUTHOR, hashSecret(API_KEY)],
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** Removes the rows that inserts have added, so that later rows find the same data. */
export async function removeWritten(databaseUrl: string, { users }: DataSize): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // The trigger that keeps the audit log append-only does not run.
    await client.query('set session_replication_role = replica');
    await client.query('delete from users where id > $1', [users]);
    await client.query("delete from audit_log where action = 'user.create'");
    await client.query('vacuum analyze users, audit_log');
  } finally {
    await client.end();
  }
}
