import { type RawBuilder, sql } from 'kysely';
import type { Author } from '#schemas/posts.js';

/** SQL for the user that a column refers to, as an author. */
export function authorIn(column: string): RawBuilder<Author | null> {
  return sql`(
    select jsonb_build_object(
      'id', users.id, 'username', users.username,
      'nickname', users.nickname, 'avatar_url', users.avatar_url)
    from users where users.id = ${sql.ref(column)})`;
}
