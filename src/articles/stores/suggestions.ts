import { sql } from 'kysely';
import type { Suggestion } from '#schemas/search.js';
import type { Database } from '#src/db/database.js';
import { fold } from '#src/lib/fold.js';
import { prefixQuery } from './post-vectors.js';
import { isPostVisible } from './visibility.js';

/** Number of newest matching posts that are compared by views, and of tags that may be unused. */
const MAX_CANDIDATES = 200;

/** Sorts after every name with the same prefix. */
const LAST_CHARACTER = '\u{10ffff}';

const isPublic = isPostVisible({ kind: 'public' });

/**
 * Returns public suggestions for a prefix with a single statement: first names and titles that
 * start with all of it, categories before tags before posts; then posts with a word that starts
 * with its last word. At most a third are categories and a third tags.
 */
export async function suggest(db: Database, q: string, limit: number): Promise<Suggestion[]> {
  // PostgreSQL text cannot contain NUL.
  const typed = q.replaceAll('\0', '').trim();
  const begin = fold(typed);
  const topics = sql.lit(Math.ceil(limit / 3));
  const { rows } = await sql<Suggestion>`
    with found as (
      select id, title, slug, starts_with(lower(title), lower(${typed})) as at_begin
      from posts where title_search @@ ${prefixQuery(q)} and ${isPublic}
      order by listed_at desc, id desc
      limit ${sql.lit(MAX_CANDIDATES)}
    )
    (select 'category' as kind, name as text, slug, 0 as place, 0 as views
     from categories where ${beginsWith(begin)}
     order by name_folded limit ${topics})
    union all
    (select 'tag', name, slug, 1, 0
     from (
       select id, name, name_folded, slug from tags
       where ${beginsWith(begin)} and not is_private
       order by name_folded limit ${sql.lit(MAX_CANDIDATES)}
     ) as tags
     where exists (
       select from post_tags join posts on posts.id = post_tags.post_id
       where post_tags.tag_id = tags.id and ${isPublic})
     order by name_folded limit ${topics})
    union all
    (select 'post', title, found.slug, case when at_begin then 2 else 3 end, view_count
     from found join post_views on post_views.post_id = found.id)
    order by place, views desc, text, slug
    limit ${limit}
  `.execute(db);
  return rows.map(({ kind, text, slug }) => ({ kind, text, slug }));
}

function beginsWith(begin: string) {
  if (begin === '') return sql<boolean>`false`;
  return sql<boolean>`name_folded >= ${begin} and name_folded < ${begin + LAST_CHARACTER}`;
}
