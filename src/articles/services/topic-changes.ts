import { MAX_TOPICS } from '#schemas/topics.js';
import type { Context } from '#src/access/context.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import * as store from '#src/articles/stores/topic-tables.js';
import { topicSlugOf } from '#src/articles/stores/topics.js';
import { claimUniqueSlug, nextSlug } from '#src/articles/stores/unique-slugs.js';
import { record, recordDifference } from '#src/audit/audit.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import { type TopicKind, topicTag } from './topics.js';

/** The editable fields of a category or tag. */
export interface WrittenTopic {
  name: string;
  slug?: string;
  description?: string;
}

/** @throws ApiError duplicate, with `name` and `slug`, whichever are taken; too_many_topics */
export function createTopic<Row extends store.TopicRow>(
  context: Context,
  kind: TopicKind<Row>,
  body: WrittenTopic,
): Promise<Row> {
  const written = trimmed(body);
  return inTransaction(context, async (trx) => {
    if (await store.hasTopics(trx.db, kind.table, MAX_TOPICS)) {
      throw new ApiError('too_many_topics');
    }
    const topic = await insertTopic(trx, kind, written);
    const { noun } = kind;
    await record(trx, { action: `${noun}.create`, id: topic.id, after: auditable(topic) });
    return topic;
  });
}

/**
 * Updates the given fields. A new name does not change the slug.
 *
 * @throws ApiError not_found; precondition_failed if it has changed since it was read; duplicate,
 *   with `name` and `slug`, whichever are taken
 */
export async function changeTopic<Row extends store.TopicRow>(
  context: Context,
  kind: TopicKind<Row>,
  id: number,
  body: Partial<WrittenTopic>,
): Promise<Row> {
  const written = trimmed(body);
  try {
    return await inTransaction(context, async (trx) => {
      const before = await lockForChange(trx, kind, id);
      const changes = differences<Partial<WrittenTopic>>(writtenFields(before), written);
      if (Object.keys(changes).length === 0) return before;
      if (changes.name !== undefined) await kind.beforeRename?.(trx.db, id);
      const updated_at = context.now.toISOString();
      const after = await store.updateTopic(trx.db, kind.table, id, { ...changes, updated_at });
      const states = { before: auditable(before), after: auditable(after) };
      await recordDifference(trx, { action: `${kind.noun}.change`, id }, states);
      return after;
    });
  } catch (error) {
    if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
    const taken = await store.findTaken(context.db, kind.table, written, id);
    throw taken.length === 0 ? error : duplicates(written, taken);
  }
}

/**
 * Deletes a category or tag. Its posts stay, and are no longer found by a deleted tag.
 *
 * @throws ApiError not_found; precondition_failed
 */
export function deleteTopic<Row extends store.TopicRow>(
  context: Context,
  kind: TopicKind<Row>,
  id: number,
): Promise<void> {
  return inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, kind, id);
    await kind.beforeRename?.(trx.db, id);
    await store.deleteTopic(trx.db, kind.table, id);
    await record(trx, { action: `${kind.noun}.delete`, id, before: auditable(before) });
  });
}

/** Inserts a topic with the given slug, or with the next free one for its name. */
function insertTopic<Row extends store.TopicRow>(
  trx: Context,
  { noun, table }: TopicKind<Row>,
  written: WrittenTopic,
): Promise<Row> {
  return claimUniqueSlug(async () => {
    const slug = written.slug ?? (await freeTopicSlug(trx, table, topicSlugOf(written.name, noun)));
    const topic = await store.insertTopic(trx.db, table, { ...written, slug });
    if (topic !== null) return topic;
    const taken = await store.findTaken(trx.db, table, written);
    if (taken.length > 0) throw duplicates(written, taken);
    return null;
  });
}

async function freeTopicSlug<Row extends store.TopicRow>(
  trx: Context,
  table: store.TopicTable<Row>,
  base: string,
): Promise<string> {
  const slug = await nextSlug(trx.db, table.taken, base);
  await table.freeSlug?.(trx.db, slug);
  return slug;
}

async function lockForChange<Row extends store.TopicRow>(
  trx: Context,
  { table }: TopicKind<Row>,
  id: number,
): Promise<Row> {
  const topic = await store.lockTopic(trx.db, table, id);
  if (topic === null) throw new ApiError('not_found');
  await assertUnchanged(trx, topic, () => topicTag(topic));
  return topic;
}

function trimmed<T extends Partial<WrittenTopic>>(written: T): T {
  return written.name === undefined ? written : { ...written, name: written.name.trim() };
}

/** Returns the editable fields of a category or tag. A tag has no description. */
function writtenFields({ name, slug, ...rest }: store.TopicRow): Required<WrittenTopic> {
  return { name, slug, description: 'description' in rest ? String(rest.description) : '' };
}

/** Returns the fields for the audit log, without the post count, which is not part of a change. */
function auditable<Row extends store.TopicRow>({ id, post_count, created_at, ...fields }: Row) {
  return fields;
}

function duplicates(written: Partial<WrittenTopic>, taken: ('name' | 'slug')[]): ApiError {
  return duplicate(taken.map((field) => ({ loc: ['body', field], input: written[field] })));
}
