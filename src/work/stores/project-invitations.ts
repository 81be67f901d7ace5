import { type Insertable, type RawBuilder, sql } from 'kysely';
import type { ProjectInvitation } from '#schemas/project-invitations.js';
import type { ProjectRole } from '#schemas/projects.js';
import { authorIn } from '#src/db/authors.js';
import type { Database } from '#src/db/database.js';
import { withFolded } from '#src/db/folded-columns.js';
import type { Schema } from '#src/db/tables.js';
import { foldEmail } from '#src/lib/fold.js';
import { countRows, cut, type Slice } from '#src/lists/slices.js';

/** An invitation that can be accepted. */
export interface OpenInvitation {
  id: number;
  project_id: number;
  role: ProjectRole;
}

/** Who is invited to which project: a user, or the owner of an address. */
interface Invitee {
  project_id: number;
  user_id: number | null;
  email: string | null;
}

/** Whose invitations are meant: those to a project, or those of a user with confirmed address. */
export type InvitationsOf = { projectId: number } | { userId: number };

/** Returns a slice of the open invitations. */
export function listInvitations(
  db: Database,
  of: InvitationsOf,
  now: Date,
  slice: Slice<'created_at'>,
): Promise<ProjectInvitation[]> {
  const found = selectInvitations(db).where(isOpen(of, now));
  const all = db.selectFrom(found.as('found')).selectAll().$castTo<ProjectInvitation>();
  return cut(all, slice).execute();
}

/** Counts the open invitations, like `countRows`. */
export function countInvitations(db: Database, of: InvitationsOf, now: Date): Promise<number> {
  const found = db
    .selectFrom('project_invitations')
    .innerJoin('projects', 'projects.id', 'project_id')
    .select('project_invitations.id')
    .where(isOpen(of, now));
  return countRows(db, found);
}

/** Returns an invitation; null if there is none. */
export async function findInvitation(db: Database, id: number): Promise<ProjectInvitation | null> {
  const found = selectInvitations(db)
    .where('project_invitations.id', '=', id)
    .$castTo<ProjectInvitation>();
  return (await found.executeTakeFirst()) ?? null;
}

/** Deletes the invitation of this user, or to this address, if there is one. */
export async function deleteInvitationOf(
  trx: Database,
  { project_id, user_id, email }: Invitee,
): Promise<void> {
  await trx
    .deleteFrom('project_invitations')
    .where('project_id', '=', project_id)
    .where(isFor(user_id, email))
    .execute();
}

/** Inserts an invitation, and returns its id. @throws DatabaseError if the invitee has another one */
export async function insertInvitation(
  trx: Database,
  values: Omit<Insertable<Schema['project_invitations']>, 'email' | 'email_folded'> & {
    email: string | null;
  },
): Promise<number> {
  const { id } = await trx
    .insertInto('project_invitations')
    .values(withFolded(values))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Returns the address and the project of an invitation by mail, locked; null if there is none. */
export async function lockMailedInvitation(
  trx: Database,
  id: number,
): Promise<{ email: string; project: string; inviter: string | null } | null> {
  const row = await trx
    .selectFrom('project_invitations')
    .innerJoin('projects', 'projects.id', 'project_id')
    .leftJoin('users', 'users.id', 'invited_by')
    .select(['project_invitations.email', 'projects.name as project', 'users.username as inviter'])
    .where('project_invitations.id', '=', id)
    .where('project_invitations.email', 'is not', null)
    .where('projects.deleted_at', 'is', null)
    .forUpdate(['project_invitations'])
    .$narrowType<{ email: string }>()
    .executeTakeFirst();
  return row ?? null;
}

export async function updateToken(trx: Database, id: number, token_hash: Buffer): Promise<void> {
  await trx.updateTable('project_invitations').set({ token_hash }).where('id', '=', id).execute();
}

/** Returns the open invitation with this id, if it is for the user, or null. */
export function findOpenInvitation(
  db: Database,
  userId: number,
  id: number,
  now: Date,
): Promise<OpenInvitation | null> {
  return findOpen(db, sql`${isOpen({ userId }, now)} and project_invitations.id = ${id}`);
}

/** Returns the open invitation with the token of this hash, or null. */
export function findInvitationByToken(
  db: Database,
  tokenHash: Buffer,
  now: Date,
): Promise<OpenInvitation | null> {
  return findOpen(db, sql`token_hash = ${tokenHash} and expires_at > ${now.toISOString()}`);
}

/** Deletes an invitation. Returns whether there was one. */
export async function deleteInvitation(trx: Database, id: number): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('project_invitations')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Deletes the invitations to a project that a user has made. */
export async function deleteInvitationsBy(
  trx: Database,
  projectId: number,
  userId: number,
): Promise<void> {
  await trx
    .deleteFrom('project_invitations')
    .where('project_id', '=', projectId)
    .where('invited_by', '=', userId)
    .execute();
}

/** Deletes expired invitations; returns how many. */
export async function deleteExpiredInvitations(db: Database, now: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('project_invitations')
    .where('expires_at', '<=', now.toISOString())
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function findOpen(
  db: Database,
  condition: RawBuilder<unknown>,
): Promise<OpenInvitation | null> {
  const row = await db
    .selectFrom('project_invitations')
    .innerJoin('projects', 'projects.id', 'project_id')
    .select(['project_invitations.id', 'project_id', 'role'])
    .where('projects.deleted_at', 'is', null)
    .where(sql<boolean>`(${condition})`)
    .executeTakeFirst();
  return row ?? null;
}

function selectInvitations(db: Database) {
  return db
    .selectFrom('project_invitations')
    .innerJoin('projects', 'projects.id', 'project_id')
    .leftJoin('users', 'users.id', 'user_id')
    .select(['project_invitations.id', 'project_invitations.role', 'expires_at'])
    .select([
      'project_invitations.created_at',
      sql<ProjectInvitation['project']>`jsonb_build_object(
        'id', projects.id, 'key', projects.key, 'name', projects.name)`.as('project'),
      'users.username',
      'project_invitations.email',
      authorIn('project_invitations.invited_by').as('invited_by'),
    ]);
}

function isOpen(of: InvitationsOf, now: Date): RawBuilder<boolean> {
  const isMeant =
    'projectId' in of
      ? sql`project_id = ${of.projectId}`
      : sql`(user_id = ${of.userId} or project_invitations.email_folded = (
          select email_folded from users
          where users.id = ${of.userId} and email_verified_at is not null))`;
  return sql<boolean>`(${isMeant} and expires_at > ${now.toISOString()}
    and projects.deleted_at is null)`;
}

function isFor(userId: number | null, email: string | null): RawBuilder<boolean> {
  return email === null
    ? sql<boolean>`user_id = ${userId}`
    : sql<boolean>`email_folded = ${foldEmail(email)}`;
}
