import { type RawBuilder, sql } from 'kysely';
import type { Topic } from '#schemas/posts.js';
import { slugOf } from '#src/articles/lib/slugs.js';
import { SLUG_SUFFIX_LENGTH } from './unique-slugs.js';

/** Maximum length of the slug of a category or tag. */
const MAX_TOPIC_SLUG = 50;

/** SQL for a category or tag as posts contain it; `row` is a table or alias. */
export function topicOf(row: string): RawBuilder<Topic> {
  const [id, name, slug] = ['id', 'name', 'slug'].map((column) => sql.ref(`${row}.${column}`));
  return sql`jsonb_build_object('id', ${id}, 'name', ${name}, 'slug', ${slug})`;
}

/**
 * Returns the slug of a name, short enough for a number to be appended.
 *
 * @param fallback slug for names that cannot be transliterated
 */
export function topicSlugOf(name: string, fallback: string): string {
  return slugOf(name, MAX_TOPIC_SLUG - SLUG_SUFFIX_LENGTH) || fallback;
}
