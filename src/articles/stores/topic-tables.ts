import { type RawBuilder, sql } from 'kysely';
import { MAX_COUNTED } from '#schemas/paging.js';
import type { TopicSort } from '#schemas/topics.js';
import { containsText } from '#src/db/contains-text.js';
import type { Database } from '#src/db/database.js';
import { type WithFolded, withFolded } from '#src/db/folded-columns.js';
import { fold } from '#src/lib/fold.js';
import { isTimestamp } from '#src/lib/timestamps.js';
import { countRows, cut, type Slice, widened } from '#src/lists/slices.js';
import type { TakenSlugs } from './unique-slugs.js';
import type { Reader } from './visibility.js';

/** Common fields of categories and tags. */
export interface TopicRow {
  id: number;
  name: string;
  slug: string;
  version: number;
  created_at: string;
  updated_at: string;
  /** Number of published posts. */
  post_count: number;
}

/** A topic in a list, with its sort key. */
export type ListedTopic<Row> = Row & { sort_key: string | number };

/** The differences between categories and tags. */
export interface TopicTable<Row extends TopicRow> {
  name: 'categories' | 'tags';
  /** Columns other than those of every topic. */
  columns: readonly (keyof Row & string)[];
  /** Subquery that returns `topic_id` once per published post. */
  published: RawBuilder<unknown>;
  /** SQL condition for publicly visible rows; all rows if omitted. */
  visible?: RawBuilder<boolean>;
  /** SQL condition for rows that editors created; all rows if omitted. */
  deliberate?: RawBuilder<boolean>;
  /** SQL condition for rows whose name and slug are unique; all rows if omitted. */
  unique?: RawBuilder<boolean>;
  /** Subquery that returns the slugs which a new row must not derive from its name. */
  taken: TakenSlugs;
  /** Makes a slug that is not among the taken ones free, if a row has it. */
  freeSlug?(trx: Database, slug: string): Promise<void>;
  /** Returns further values to store along with the given ones. */
  derived?(values: TopicValues): DerivedValues;
}

export type NamedTable = Pick<TopicTable<TopicRow>, 'name' | 'unique'>;

export interface TopicFilter {
  reader: Reader;
  /** Part of the name, in any case. */
  q?: string | undefined;
  slug?: string | undefined;
}

/** Values of a topic to store. */
export interface TopicValues {
  name?: string;
  slug?: string;
  description?: string;
  updated_at?: string;
}

/** Values that follow from the others. */
export interface DerivedValues {
  search_words?: string;
  is_automatic?: boolean;
  is_private?: boolean;
  owner_id?: number | null;
}

const COMMON_COLUMNS = ['id', 'name', 'slug', 'version', 'created_at', 'updated_at'] as const;

const SORT_COLUMNS: Record<TopicSort, RawBuilder<string | number>> = {
  name: sql`name_folded`,
  created_at: sql`created_at`,
  post_count: sql`coalesce(counted.post_count, 0)`,
};

/** Whether the key is valid for this sort order, to check cursors. */
export function isTopicSortKey(key: string | number, sort: TopicSort): boolean {
  if (sort === 'post_count') return typeof key === 'number';
  return typeof key === 'string' && (sort === 'name' ? key === fold(key) : isTimestamp(key));
}

/** Returns a slice of the topics that match the filter, sorted, with a single statement. */
export async function listTopics<Row extends TopicRow>(
  db: Database,
  table: TopicTable<Row>,
  filter: TopicFilter,
  slice: Slice<TopicSort>,
): Promise<ListedTopic<Row>[]> {
  const column = SORT_COLUMNS[slice.sort];
  const found = db
    .selectFrom(table.name)
    .$if(slice.sort === 'post_count', (query) =>
      query.leftJoin(countsOf(table), (join) => join.on(sql<boolean>`counted.topic_id = id`)),
    )
    .select([...columnsOf(table), column.as('sort_key')])
    .where(matches(table, filter));
  const [inner, skipped] = isTopicSearch(filter) ? [widened(slice), slice.offset ?? 0] : [slice, 0];
  const direction = slice.descending ? 'desc' : 'asc';
  // Unless they are the sort key, post counts are read for the slice only.
  const topics = db
    .selectFrom(cut(found, inner, column).as('found'))
    .selectAll()
    .orderBy(sql.ref('sort_key'), direction)
    .orderBy(sql.ref('id'), direction)
    .limit(sql.lit(slice.limit))
    .offset(skipped)
    .as(table.name);
  return db
    .selectFrom(topics)
    .select([...columnsOf(table), sql.ref('sort_key').as('sort_key'), countOf(table)])
    .orderBy(sql.ref('sort_key'), direction)
    .orderBy(sql.ref('id'), direction)
    .$castTo<ListedTopic<Row>>()
    .execute();
}

/** Counts the topics that match the filter, like `countRows`; a search at most `MAX_COUNTED`. */
export function countTopics<Row extends TopicRow>(
  db: Database,
  table: TopicTable<Row>,
  filter: TopicFilter,
): Promise<number> {
  const found = db.selectFrom(table.name).select('id').where(matches(table, filter));
  if (isTopicSearch(filter)) return countRows(db, found, MAX_COUNTED);
  return countRows(db, found.orderBy('id'));
}

/** Whether the filter searches for a text. */
export function isTopicSearch({ q = '' }: Pick<TopicFilter, 'q'>): boolean {
  return q !== '';
}

/** Returns the topic, or null if it is not visible to the reader. */
export async function findTopic<Row extends TopicRow>(
  db: Database,
  table: TopicTable<Row>,
  id: number,
  reader: Reader,
): Promise<Row | null> {
  const [row] = await selectTopic(db, table, id).where(isVisible(table, reader)).execute();
  return row ?? null;
}

/** Returns the topic, locked until the transaction ends, or null if it does not exist. */
export async function lockTopic<Row extends TopicRow>(
  trx: Database,
  table: TopicTable<Row>,
  id: number,
): Promise<Row | null> {
  const [row] = await selectTopic(trx, table, id).forUpdate().execute();
  return row ?? null;
}

/** Whether a topic with this slug is visible to the reader. */
export async function hasSlug<Row extends TopicRow>(
  db: Database,
  table: TopicTable<Row>,
  slug: string,
  reader: Reader,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from ${sql.table(table.name)}
    where slug collate "C" = ${fold(slug)} and ${isVisible(table, reader)}
  `.execute(db);
  return rows.length > 0;
}

/** Whether editors have created at least `count` topics. */
export async function hasTopics<Row extends TopicRow>(
  db: Database,
  { name, deliberate = sql<boolean>`true` }: TopicTable<Row>,
  count: number,
): Promise<boolean> {
  const { rows } = await sql`
    select from ${sql.table(name)} where ${deliberate} offset ${count - 1} limit 1
  `.execute(db);
  return rows.length > 0;
}

/** Inserts a topic. Returns it, or null if its name or slug is taken. */
export async function insertTopic<Row extends TopicRow>(
  trx: Database,
  table: TopicTable<Row>,
  values: TopicValues,
): Promise<Row | null> {
  const stored = complete(table, values);
  const { rows } = await sql<Row>`
    insert into ${sql.table(table.name)} (${sql.join(Object.keys(stored).map((name) => sql.ref(name)))})
    values (${sql.join(Object.values(stored))})
    on conflict do nothing
    returning ${sql.join([...columnsOf(table), countOf(table)])}
  `.execute(trx);
  return rows[0] ?? null;
}

/**
 * Updates the given values and returns the topic.
 *
 * @throws DatabaseError 23505 if the name or slug is taken
 */
export async function updateTopic<Row extends TopicRow>(
  trx: Database,
  table: TopicTable<Row>,
  id: number,
  values: TopicValues,
): Promise<Row> {
  return trx
    .updateTable(table.name)
    .set(complete(table, values))
    .where('id', '=', id)
    .returning([...columnsOf(table), countOf(table)])
    .$castTo<Row>()
    .executeTakeFirstOrThrow();
}

export async function deleteTopic(trx: Database, { name }: NamedTable, id: number): Promise<void> {
  await trx.deleteFrom(name).where('id', '=', id).execute();
}

/** Returns which values are taken by a topic other than `except`. */
export async function findTaken(
  db: Database,
  { name: table, unique = sql`true` }: NamedTable,
  { name = '', slug = '' }: { name?: string | undefined; slug?: string | undefined },
  except = 0,
): Promise<('name' | 'slug')[]> {
  const isName = sql<boolean>`name_folded = ${fold(name)}`;
  const isSlug = sql<boolean>`slug collate "C" = ${slug}`;
  const { rows } = await sql<{ name: boolean; slug: boolean }>`
    select coalesce(bool_or(${isName}), false) as name, coalesce(bool_or(${isSlug}), false) as slug
    from ${sql.table(table)} where id <> ${except} and ${unique} and (${isName} or ${isSlug})
  `.execute(db);
  const [taken] = rows;
  return (['name', 'slug'] as const).filter((field) => taken?.[field]);
}

function selectTopic<Row extends TopicRow>(db: Database, table: TopicTable<Row>, id: number) {
  return db
    .selectFrom(table.name)
    .select([...columnsOf(table), countOf(table)])
    .where('id', '=', id)
    .$castTo<Row>();
}

function columnsOf<Row extends TopicRow>({ columns }: TopicTable<Row>) {
  return [...COMMON_COLUMNS, ...columns].map((name) => sql.ref(name).as(name));
}

/** SQL for the number of published posts of one row. */
function countOf<Row extends TopicRow>({ name, published }: TopicTable<Row>) {
  return sql<number>`(
    select count(*) from (${published}) as published
    where published.topic_id = ${sql.ref(`${name}.id`)})`.as('post_count');
}

/** Subquery with the number of published posts of every row that has any. */
function countsOf<Row extends TopicRow>({ published }: TopicTable<Row>) {
  return sql<{ topic_id: number; post_count: number }>`(
    select topic_id, count(*) as post_count from (${published}) as published group by topic_id
  )`.as('counted');
}

function complete<Row extends TopicRow>(
  { derived }: TopicTable<Row>,
  values: TopicValues,
): WithFolded<TopicValues> & DerivedValues {
  return { ...withFolded(values), ...derived?.(values) };
}

/** Editors also see unused tags. */
function isVisible<Row extends TopicRow>({ visible }: TopicTable<Row>, { kind }: Reader) {
  return kind === 'editor' || visible === undefined ? sql<boolean>`true` : visible;
}

function matches<Row extends TopicRow>(
  table: TopicTable<Row>,
  { reader, q = '', slug }: TopicFilter,
) {
  const conditions = [isVisible(table, reader)];
  if (q !== '') conditions.push(containsText(['name_folded'], fold(q)));
  if (slug !== undefined) conditions.push(sql`slug collate "C" = ${slug}`);
  return sql<boolean>`${sql.join(conditions, sql` and `)}`;
}
