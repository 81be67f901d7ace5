import { type RawBuilder, sql } from 'kysely';
import { textVector } from '#src/search/search-sql.js';
import { indexedWords } from '#src/search/search-words.js';

/** What a task belongs to: a user or a project. */
export type TaskOwner = { owner_id: number } | { project_id: number };

/**
 * The words of the owners of rows of `tasks`. Words of texts and of queries have no slash, so they
 * are none of these.
 */
const OWNER_OF_ROW = sql`case when project_id is null
  then 'owner/' || owner_id else 'project/' || project_id end`;

/**
 * The description's part of `tasks.search_vector` where the summary alone has changed. It is stored
 * then, because each concatenation moves its positions, up to the last one that a vector can have.
 */
export const STORED_DESCRIPTION = sql<string>`coalesce(
  description_vector, ts_filter(search_vector, '{c}'))`;

/** The description's part of a task that has none. */
export const NO_DESCRIPTION = sql<string>`''::tsvector`;

/** Returns the description's part of a vector. @param words result of `indexedWords` */
export function descriptionVector(words: string): RawBuilder<string> {
  return words === '' ? NO_DESCRIPTION : sql<string>`setweight(${textVector(words)}, 'C')`;
}

/** Returns the description's part of the vector of another task. */
export function descriptionVectorOf(id: number): RawBuilder<string> {
  return sql<string>`(select ${STORED_DESCRIPTION} from tasks where id = ${id})`;
}

/**
 * Returns `tasks.search_vector`: summary with weight A, description C, and the owner. The
 * description comes last, because it may exceed the last position of a vector.
 *
 * @param description see `descriptionVector`
 * @param owner default: that of the row that is updated
 */
export function taskVector(
  summary: string,
  description: RawBuilder<string>,
  owner?: TaskOwner,
): RawBuilder<string> {
  const word = owner === undefined ? OWNER_OF_ROW : sql`${wordOf(owner)}::text`;
  return sql<string>`setweight(${textVector(indexedWords(summary))}, 'A')
    || array_to_tsvector(array[${word}]) || ${description}`;
}

/** Returns `task_comments.search_vector`. @param words result of `indexedWords` */
export function taskCommentVector(words: string, projectId: number): RawBuilder<string> {
  const word = wordOf({ project_id: projectId });
  return sql<string>`${textVector(words)} || array_to_tsvector(array[${word}::text])`;
}

/** Returns a tsquery for what belongs to any of these; none must not be asked for. */
export function ownerQuery(owners: readonly TaskOwner[]): RawBuilder<string> {
  const words = owners.map((owner) => `'${wordOf(owner)}'`);
  return sql<string>`${words.join(' | ')}::tsquery`;
}

function wordOf(owner: TaskOwner): string {
  return 'owner_id' in owner ? `owner/${owner.owner_id}` : `project/${owner.project_id}`;
}
