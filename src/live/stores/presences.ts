import { type RawBuilder, sql } from 'kysely';
import type { Author } from '#schemas/posts.js';
import { MAX_PRESENT } from '#schemas/presence.js';
import { authorIn } from '#src/db/authors.js';
import { PRESENCE_CHANGES } from '#src/db/channels.js';
import type { Database } from '#src/db/database.js';
import { UNNAMED } from '#src/db/statement-policy.js';

/** What a connection looks at. */
export interface Look {
  /** A UUID. */
  connection: string;
  userId: number;
  topic: string;
}

/** Who looks at a topic. */
export interface PresentUsers {
  topic: string;
  project_id: number;
  /** Who may see the list. */
  member_ids: number[];
  users: Author[];
  total: number;
}

/** Rows that were not renewed for so long are of a process that has died. */
const EXPIRY = sql.raw(`interval '40 seconds'`);

/** SQL for these topics with their projects: only of projects and tasks outside the trash. */
function placesOf(topics: readonly string[]): RawBuilder<{ topic: string; project_id: number }> {
  return sql`(
    select asked.topic, projects.id as project_id
    from (
      select topic, split_part(topic, ':', 1) as kind, split_part(topic, ':', 2)::bigint as id
      from unnest(${topics}::text[]) topic) asked
    left join tasks
      on asked.kind = 'task' and tasks.id = asked.id and tasks.deleted_at is null
    join projects
      on projects.id = case asked.kind when 'task' then tasks.project_id else asked.id end
      and projects.deleted_at is null)`;
}

/** Whether a user is a member of the project of a topic. */
export async function mayLook(db: Database, userId: number, topic: string): Promise<boolean> {
  const { rows } = await sql`
    select from ${placesOf([topic])} place
    join project_members on project_members.project_id = place.project_id
    where project_members.user_id = ${userId}`.execute(db);
  return rows.length > 0;
}

/**
 * Returns who looks at each of these topics now, with a single statement. Topics that nobody may look
 * at are missing.
 */
export async function listPresentUsers(
  db: Database,
  topics: readonly string[],
): Promise<PresentUsers[]> {
  const { rows } = await sql<PresentUsers>`
    select place.topic, place.project_id, present.users, present.total,
      array(
        select user_id from project_members
        where project_members.project_id = place.project_id) as member_ids
    from ${placesOf(topics)} place
    cross join lateral (
      select count(*)::integer as total,
        coalesce(
          jsonb_agg(author order by position) filter (where position <= ${MAX_PRESENT}), '[]'
        ) as users
      from (
        select ${authorIn('looking.user_id')} as author,
          row_number() over (order by users.username_folded) as position
        from (
          select distinct presences.user_id from presences
          where presences.topic = place.topic and seen_at > now() - ${EXPIRY}) looking
        join users on users.id = looking.user_id and users.is_active
        join project_members on project_members.project_id = place.project_id
          and project_members.user_id = looking.user_id) looking
    ) present ${UNNAMED}`.execute(db);
  return rows;
}

/**
 * Writes what some connections look at now, and that others look at nothing, and announces it, with a
 * single statement. Users who were deleted are left out.
 *
 * @param payloads of `PRESENCE_CHANGES`
 */
export async function writeLooks(
  db: Database,
  { looks, ended }: { looks: readonly Look[]; ended: readonly string[] },
  payloads: readonly string[],
): Promise<void> {
  // The rows of users are locked, so that none is deleted before its key is checked.
  await sql`
    with gone as (delete from presences where connection = any(${ended}::uuid[])),
    written as (
      insert into presences (connection, user_id, topic, seen_at)
      select looks.connection, users.id, looks.topic, now()
      from jsonb_to_recordset(${JSON.stringify(looks)}::jsonb)
        looks (connection uuid, "userId" integer, topic text)
      join users on users.id = looks."userId"
      for key share of users
      on conflict (connection) do update set topic = excluded.topic, seen_at = excluded.seen_at)
    select pg_notify(${PRESENCE_CHANGES}, payload) from unnest(${payloads}::text[]) payload`.execute(
    db,
  );
}

/**
 * Renews the rows of these connections, removes those of others that are too old, and announces it,
 * with a single statement.
 *
 * @param prefix how each payload of `PRESENCE_CHANGES` begins
 * @returns the connections that had a row, and the topics of the rows that were removed
 */
export async function renewLooks(
  db: Database,
  connections: readonly string[],
  prefix: string,
): Promise<{ renewed: string[]; expired: string[] }> {
  const { rows } = await sql<{ renewed: string[]; expired: string[] }>`
    with renewed as (
      update presences set seen_at = now() where connection = any(${connections}::uuid[])
      returning connection),
    expired as (
      delete from presences
      where seen_at <= now() - ${EXPIRY} and connection <> all(${connections}::uuid[])
      returning topic)
    select array(select connection::text from renewed) as renewed,
      array(
        select topic from (select distinct topic from expired) topics,
          pg_notify(${PRESENCE_CHANGES}, ${prefix}::text || topic)) as expired`.execute(db);
  return rows[0] ?? { renewed: [], expired: [] };
}
