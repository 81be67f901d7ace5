import { sql } from 'kysely';
import type { DatabaseInfo, ServiceStatistics } from '#schemas/admin.js';
import type { Database } from './database.js';

/** Returns the server, database and user of the connection. */
export async function findDatabaseInfo(db: Database): Promise<DatabaseInfo> {
  const { rows } = await sql<DatabaseInfo>`
    select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) as version,
      current_database() as database, current_user as user
  `.execute(db);
  return (rows as [DatabaseInfo])[0];
}

/** Counts the stored resources, in one statement that reads each table once. */
export async function countResources(db: Database, now: Date): Promise<ServiceStatistics> {
  const { rows } = await sql<ServiceStatistics>`
    select * from
      (select count(*)::integer as users,
        count(*) filter (where is_active)::integer as active_users from users) as users,
      (select count(*)::integer as posts,
        count(published_at)::integer as published_posts from posts
        where deleted_at is null) as posts,
      (select count(*)::integer as comments,
        count(*) filter (where not is_approved and rejected_at is null)::integer
          as pending_comments
        from comments where deleted_at is null) as comments,
      (select count(*)::integer as categories from categories) as categories,
      (select count(*)::integer as tags from tags) as tags,
      (select count(*)::integer as sessions from sessions
        where expires_at > ${now.toISOString()}) as sessions
  `.execute(db);
  return (rows as [ServiceStatistics])[0];
}
