import { type RawBuilder, sql } from 'kysely';
import { MAX_CALENDAR_DESCRIPTION, MAX_CALENDAR_TASKS } from '#schemas/calendars.js';
import type { Database } from '#src/db/database.js';
import { plainText } from '#src/search/search-sql.js';
import type { CalendarEntry } from '#src/work/lib/calendar.js';

/** Which tasks a calendar contains. */
export type CalendarContent =
  /** What is assigned to a user; also the personal tasks. */
  | { userId: number; hasPersonal: boolean }
  /** All tasks of a project. */
  | { projectId: number };

/** The days of a calendar. */
export interface CalendarDays {
  today: string;
  /** Tasks that are due before this day are left out. */
  from: string;
  /** Tasks that are due after this day are left out. */
  to: string;
}

/** Maximum bytes of the descriptions of a calendar: those of tasks further away are left out. */
const MAX_DESCRIPTIONS = 500_000;

/** Characters of a description's HTML of which the text is made. */
const READ_HTML = 4 * MAX_CALENDAR_DESCRIPTION;

/** Returns a hash that changes with the tasks of a calendar, without reading their texts. */
export async function fingerprintOf(
  db: Database,
  content: CalendarContent,
  days: CalendarDays,
): Promise<string> {
  const { rows } = await sql<{ hash: string }>`
    select encode(sha256(convert_to(coalesce(string_agg(
      concat_ws(':', id, version, project_key), ',' order by id), ''), 'utf8')), 'hex') as hash
    from (${nearest(content, days)}) nearest`.execute(db);
  return rows[0]?.hash ?? '';
}

/** Returns the tasks of a calendar, nearest first. */
export async function listCalendarTasks(
  db: Database,
  content: CalendarContent,
  days: CalendarDays,
): Promise<CalendarEntry[]> {
  const html = sql`left(tasks.description_html, ${sql.lit(READ_HTML)})`;
  // The cut may be within a tag or an entity.
  const whole = sql`regexp_replace(${html}, '(<[^>]*|&[^;]*)$', '')`;
  const { rows } = await sql<CalendarEntry>`
    with nearest as materialized (${nearest(content, days)}), described as (
      select nearest.*, tasks.summary, tasks.priority, tasks.start_on, tasks.number,
        tasks.created_at, tasks.updated_at,
        left(btrim(${plainText(whole)}, E' \\n'), ${sql.lit(MAX_CALENDAR_DESCRIPTION)}) as text
      from nearest cross join lateral (
        select * from tasks where tasks.id = nearest.id offset 0) tasks
    )
    select id, version, project_key, summary, priority, start_on, due_on, number, created_at,
      updated_at,
      case when sum(octet_length(text)) over (order by distance, id) <= ${sql.lit(MAX_DESCRIPTIONS)}
        then text else '' end as description
    from described
    order by distance, id`.execute(db);
  return rows;
}

/** SQL for the tasks of a calendar that are nearest to today. */
function nearest(content: CalendarContent, days: CalendarDays): RawBuilder<unknown> {
  return sql`
    select found.*, abs(due_on - ${days.today}::date) as distance from (
      ${'projectId' in content ? ofProject(content, days) : ofUser(content, days)}) found
    order by distance, id limit ${sql.lit(MAX_CALENDAR_TASKS)}`;
}

function ofProject({ projectId }: { projectId: number }, days: CalendarDays) {
  return sql`${selectOpen(days)} and tasks.project_id = ${projectId}`;
}

function ofUser(
  { userId, hasPersonal }: { userId: number; hasPersonal: boolean },
  days: CalendarDays,
) {
  const assigned = sql`
    ${selectOpen(days)} and tasks.assignee_ids @> array[${userId}::integer]
      and projects.archived_at is null and exists (
        select from project_members
        where project_id = tasks.project_id and user_id = ${userId})`;
  if (!hasPersonal) return assigned;
  return sql`${assigned} union all
    select tasks.id, tasks.version, tasks.due_on, null from tasks
    where tasks.owner_id = ${userId} and tasks.completed_at is null and ${isDue(days)}`;
}

/** SQL for the tasks of projects that are neither done nor cancelled. */
function selectOpen(days: CalendarDays) {
  return sql`
    select tasks.id, tasks.version, tasks.due_on, projects.key as project_key
    from tasks join projects on projects.id = tasks.project_id
    where tasks.project_id is not null and projects.deleted_at is null
      and tasks.status not in ('done', 'cancelled') and ${isDue(days)}`;
}

function isDue({ from, to }: CalendarDays) {
  return sql`tasks.deleted_at is null and tasks.due_on between ${from}::date and ${to}::date`;
}
