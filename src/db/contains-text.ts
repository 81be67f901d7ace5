import { type RawBuilder, sql } from 'kysely';
import { containing } from '#src/lib/like-pattern.js';
import { UNNAMED } from './statement-policy.js';

/**
 * SQL condition: one of the columns contains the text. Uses the index on `text_grams` of the
 * columns, which are joined by line breaks. Statements that contain it are planned for the actual
 * text, because the best plan for a common text is bad for a rare one.
 *
 * @param columns with folded texts
 * @param text folded, too
 */
export function containsText(columns: readonly string[], text: string): RawBuilder<boolean> {
  const refs = columns.map((column) => sql.ref(column));
  const joined = sql.join(refs, sql` || E'\\n' || `);
  const matches = refs.map((ref) => sql`${ref} like ${containing(text)}`);
  // Where the index is not used, the cheaper condition comes first.
  return sql<boolean>`${UNNAMED}((${sql.join(matches, sql` or `)})
    and text_grams(${joined}) @> ${gramsOf(text)}::text[])`;
}

/**
 * Returns the pairs of neighbouring characters of a text, or its only character. The pairs imply the
 * single characters, whose lists in the index are the longest.
 */
function gramsOf(text: string): string[] {
  const characters = [...text];
  const pairs = characters.slice(1).map((character, index) => `${characters[index]}${character}`);
  return pairs.length === 0 ? characters : [...new Set(pairs)];
}
