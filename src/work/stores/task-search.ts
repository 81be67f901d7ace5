import { type RawBuilder, sql } from 'kysely';
import type { Status } from '#schemas/project-tasks.js';
import { MAX_CANDIDATES } from '#schemas/search.js';
import type { TaskHitType, TaskSearchOrder } from '#schemas/task-search.js';
import type { Database } from '#src/db/database.js';
import type { MarkedText } from '#src/search/highlight.js';
import {
  APART,
  anyWordQuery,
  BOUNDED,
  COMMENT_WEIGHTS,
  firstPassage,
  MAX_RANKED_BYTES,
  markedText,
  type Passage,
  plainText,
  searchQuery,
  TEXT_PART,
  TITLED_WEIGHTS,
} from '#src/search/search-sql.js';
import { ownerQuery, type TaskOwner } from './task-vectors.js';

/** A task, or a comment on a task, that matches a search. */
export interface TaskSearchRow {
  type: TaskHitType;
  task_id: number;
  comment_id: number | null;
  number: number | null;
  status: Status;
  summary: MarkedText;
  /** The text around the first match. */
  passage: Passage;
  project_id: number | null;
  /** Key and name of the project; null for a personal task. */
  project_key: string | null;
  project_name: string | null;
  created_at: string;
}

export interface TaskSearchFilter {
  q: string;
  sort: TaskSearchOrder;
  /** Who searches. */
  userId: number;
  /** What may be found; at least one. What the user may no longer see is left out. */
  owners: readonly TaskOwner[];
  status?: Status | undefined;
  type?: TaskHitType | undefined;
}

const ORDERS: Record<TaskSearchOrder, RawBuilder<unknown>> = {
  relevance: sql`rank desc, created_at desc`,
  newest: sql`created_at desc`,
};

/** A personal task has the status that corresponds to it. */
const STATUS = sql<Status>`coalesce(
  tasks.status, case when tasks.completed_at is null then 'todo' else 'done' end)`;

/** Returns the ids of the projects that the user is a member of, outside the trash. */
export async function findSearchedProjects(db: Database, userId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('project_members')
    .innerJoin('projects', 'projects.id', 'project_members.project_id')
    .select('projects.id')
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .orderBy('projects.id')
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Returns a page of the matches that the user may see now, sorted, and their total, with a single
 * statement. Only the newest matches are ranked, plus tasks with the words in their summary. Of the
 * tasks, the newest are ranked by their descriptions too, as far as these are not too long together.
 * Texts are read for the rows of the page only, and only around the first match.
 *
 * The index knows what each text belongs to: texts that the user may not see are not looked at,
 * however many of them match.
 */
export async function searchTasks(
  db: Database,
  filter: TaskSearchFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: TaskSearchRow[] }> {
  const { q, sort } = filter;
  const query = searchQuery(q);
  const hasMatch = sql<boolean>`case page.type
    when 'task' then ts_filter(tasks.search_vector, ${TEXT_PART}) @@ ${anyWordQuery(q)} else true end`;
  const { rows } = await sql<{ total: number } & (TaskSearchRow | { type: null })>`
    with matching_tasks as materialized (${matchingTasks(filter)}), found_tasks as (
      (select id from matching_tasks
        order by created_at desc, id desc limit ${sql.lit(MAX_CANDIDATES)})
      union
      (select id from matching_tasks where has_in_summary
        order by created_at desc, id desc limit ${sql.lit(MAX_CANDIDATES)})
    ), weighed_tasks as (
      select tasks.id, tasks.created_at, tasks.search_vector, tasks.summary_vector,
        sum(pg_column_size(tasks.search_vector))
          over (order by tasks.created_at desc, tasks.id desc) as bytes
      from found_tasks cross join lateral (
        select * from tasks where tasks.id = found_tasks.id ${APART}) tasks
    ), found_comments as (${matchingComments(filter)}), hits as (
      select 'task' as type, tasks.id as task_id, null::integer as comment_id, tasks.created_at,
        case when tasks.summary_vector @@ ${query} then 1 else 0 end
          + ts_rank(${TITLED_WEIGHTS},
              case when tasks.bytes <= ${sql.lit(MAX_RANKED_BYTES)} then tasks.search_vector
                   else tasks.summary_vector end,
              ${query}, ${BOUNDED}) as rank
      from weighed_tasks as tasks
      union all
      select 'task_comment', comments.task_id, comments.id, comments.created_at,
        ts_rank(${COMMENT_WEIGHTS}, comments.search_vector, ${query}, ${BOUNDED})
      from found_comments cross join lateral (
        select * from task_comments where task_comments.id = found_comments.id ${APART}) comments
    ), page as (
      select hits.*, row_number() over (
        order by ${ORDERS[sort]}, type, coalesce(comment_id, task_id) desc) as place
      from hits
      order by place
      limit ${limit} offset ${offset}
    ), shown as materialized (
      select page.type, page.task_id, page.comment_id, page.created_at, page.place,
        tasks.number, tasks.summary, tasks.project_id, ${STATUS} as status,
        part.passage, part.has_before, part.has_after
      from page
      cross join lateral (select * from tasks where tasks.id = page.task_id ${APART}) tasks
      left join lateral (
        select content_html from task_comments where task_comments.id = page.comment_id
        ${APART}) comments on true
      cross join lateral (
        select ${plainText(sql`case page.type
          when 'task' then tasks.description_html else comments.content_html end`)} as text
        ${APART}) whole
      cross join lateral (${firstPassage(q, hasMatch)}) part
    )
    select counted.total, shown.type, shown.task_id, shown.comment_id, shown.number, shown.status,
      shown.project_id, projects.key as project_key, projects.name as project_name,
      shown.created_at, ${markedText(sql.ref('shown.summary'), q)} as summary,
      ${markedText(sql.ref('shown.passage'), q)}
        || jsonb_build_object('has_before', has_before, 'has_after', has_after) as passage
    from (select count(*) as total from hits) counted
    left join shown on true
    left join lateral (
      select key, name from projects where projects.id = shown.project_id ${APART}) projects on true
    order by shown.place
  `.execute(db);
  const found = rows.filter((row): row is { total: number } & TaskSearchRow => row.type !== null);
  return { total: rows[0]?.total ?? 0, rows: found.map(({ total: _, ...row }) => row) };
}

function matchingTasks(filter: TaskSearchFilter) {
  return sql`
    select tasks.id, tasks.created_at, tasks.summary_vector @@ ${searchQuery(filter.q)} as has_in_summary
    from tasks
    where ${filter.type !== 'task_comment'} and ${isFound(filter, 'tasks')} and ${isShown(filter)}`;
}

function matchingComments(filter: TaskSearchFilter) {
  return sql`
    select task_comments.id from task_comments
    where ${filter.type !== 'task'} and ${isFound(filter, 'task_comments')} and exists (
      select from tasks where tasks.id = task_comments.task_id and ${isShown(filter)} ${APART})
    order by task_comments.created_at desc, task_comments.id desc
    limit ${sql.lit(MAX_CANDIDATES)}`;
}

/**
 * SQL condition: the row has the words, and belongs to what is searched. Two queries, because one
 * without words would be no condition in a common one.
 */
function isFound({ q, owners }: TaskSearchFilter, table: 'tasks' | 'task_comments') {
  const vector = sql.ref(`${table}.search_vector`);
  return sql<boolean>`(
    ${vector} @@ ${searchQuery(q)} and ${vector} @@ ${ownerQuery(owners)})`;
}

/** SQL condition: the user may see the task, and it has the status. */
function isShown({ userId, status }: TaskSearchFilter) {
  return sql<boolean>`(tasks.deleted_at is null
    ${status === undefined ? sql`` : sql`and ${STATUS} = ${status}`}
    and (tasks.owner_id = ${userId} or tasks.project_id = any(array(
      select project_id from project_members join projects on projects.id = project_id
      where user_id = ${userId} and projects.deleted_at is null))))`;
}
