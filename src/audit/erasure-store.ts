import { sql } from 'kysely';
import type { Database } from '#src/db/database.js';

/** Fields that say nothing about a person by themselves; all others are erased. */
const IMPERSONAL_FIELDS = [
  'ended',
  'evicted',
  'expires_at',
  'is_active',
  'kind',
  'permissions',
  'registration',
  'remember',
  'role',
  'scopes',
];

/** Resources whose recorded fields describe the user who changed them. */
const OWN_RESOURCES = ['api_key', 'session'];

/** A part of the entries about one user. */
export interface EntriesOf {
  userId: number;
  /** Id after which the part begins. */
  after: number;
  limit: number;
}

/** Returns the ids of entries by or about the user, in order. */
export async function findEntriesOf(
  db: Database,
  { userId, after, limit }: EntriesOf,
): Promise<number[]> {
  // Each part reads one index in order. A condition with `or` may read the whole log by its ids.
  const { rows } = await sql<{ id: number }>`
    (select id from audit_log where actor_id = ${userId} and id > ${after}
     order by id limit ${limit})
    union
    (select id from audit_log
     where resource = 'user' and resource_id = ${String(userId)} and id > ${after}
     order by id limit ${limit})
    order by id limit ${limit}
  `.execute(db);
  return rows.map(({ id }) => id);
}

/** Returns the ids of the registrations from which the user was created. */
export async function findRegistrationsOf(db: Database, userId: number): Promise<number[]> {
  const { rows } = await sql<{ registration: number }>`
    select (after ->> 'registration')::integer as registration from audit_log
    where resource = 'user' and resource_id = ${String(userId)} and action = 'account.verify'
      and after ? 'registration'
  `.execute(db);
  return rows.map(({ registration }) => registration);
}

/**
 * Erases the personal data of a deleted user from these entries: the IP addresses from which the
 * user acted or somebody tried to sign in as the user, and the personal fields of the user.
 */
export async function eraseEntries(
  trx: Database,
  userId: number,
  ids: readonly number[],
  now: Date,
): Promise<void> {
  const isOwn = sql`(
    (resource = 'user' and resource_id = ${String(userId)})
    or (actor_id = ${userId} and resource = any(${OWN_RESOURCES}::text[])))`;
  const address = sql`case when coalesce(actor_id, ${userId}) = ${userId} then null else address end`;
  const before = sql`case when ${isOwn} then ${erased('before')} else before end`;
  const after = sql`case when ${isOwn} then ${erased('after')} else after end`;
  await allowingErasure(
    trx,
    sql`
      update audit_log
      set address = ${address}, before = ${before}, after = ${after},
        erased_at = ${now.toISOString()}
      where id = any(${ids}::bigint[])
        and (address, before, after) is distinct from (${address}, ${before}, ${after})`,
  );
}

/**
 * Erases the personal data of these registrations, which were recorded without the id of a user.
 */
export async function eraseRegistrations(
  trx: Database,
  ids: readonly number[],
  now: Date,
): Promise<void> {
  await allowingErasure(
    trx,
    sql`
      update audit_log
      set address = null, after = ${erased('after')}, erased_at = ${now.toISOString()}
      where action = 'account.register' and after ->> 'registration' = any(${ids.map(String)}::text[])`,
  );
}

/** Returns the fields in this column, with null for personal ones. */
function erased(column: 'before' | 'after') {
  const fields = sql.ref(`audit_log.${column}`);
  return sql`case when ${fields} is not null then coalesce((
    select jsonb_object_agg(
      key, case when key = any(${IMPERSONAL_FIELDS}::text[]) then value else 'null'::jsonb end)
    from jsonb_each(${fields})), '{}') end`;
}

/** Executes an erasure, which the database refuses unless the transaction asks for it. */
async function allowingErasure(trx: Database, statement: ReturnType<typeof sql>): Promise<void> {
  await sql`select set_config('althing.audit_erase', 'on', true)`.execute(trx);
  await statement.execute(trx);
  await sql`select set_config('althing.audit_erase', '', true)`.execute(trx);
}
