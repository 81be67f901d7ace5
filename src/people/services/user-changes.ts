import type { AuditAction } from '#schemas/audit.js';
import { ROLE_PERMISSIONS, type RoleAssignment } from '#schemas/roles.js';
import type { UserCreate, UserUpdate } from '#schemas/users.js';
import type { Context } from '#src/access/context.js';
import { assertMayActAs } from '#src/access/ownership.js';
import { beyond, isAdministratorMask, isMask, type Mask } from '#src/access/permissions.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { isAdministrator } from '#src/access/viewer.js';
import { record, recordDifference } from '#src/audit/audit.js';
import { toPostgresAnswer } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate, InvalidRequest, valueError } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import { deleteEmailTokensOf } from '#src/people/stores/email-tokens.js';
import { deleteSessionsOf } from '#src/people/stores/sessions.js';
import * as store from '#src/people/stores/user-changes.js';
import type { FullUser } from '#src/people/stores/users.js';
import { enqueue } from '#src/queue/store.js';
import { userTag } from './users.js';

/**
 * @throws ApiError duplicate, naming each field that is taken; beyond_own_permissions if the role is
 *   more than the viewer's own
 */
export async function createUser(context: Context, user: UserCreate): Promise<FullUser> {
  assertGrantable(context, ROLE_PERMISSIONS[user.role]);
  return namingDuplicates(context, user, () =>
    inTransaction(context, async (trx) => {
      const created = await store.insertUser(trx.db, user);
      await record(trx, { action: 'user.create', id: created.id, after: user });
      return created;
    }),
  );
}

/**
 * Creates all of the users, or none.
 *
 * @returns their ids, in the order of `users`
 * @throws ApiError duplicate, with the place of every value that is taken, be it by a user that
 *   exists or by one further up in the list; beyond_own_permissions
 */
export async function createUsers(context: Context, users: UserCreate[]): Promise<number[]> {
  for (const { role } of users) assertGrantable(context, ROLE_PERMISSIONS[role]);
  const repeated = findDuplicates(users, { usernames: new Set(), emails: new Set() });
  let refusal: unknown;
  if (repeated.length === 0) {
    try {
      return await inTransaction(context, async (trx) => {
        const ids = await store.insertUsers(trx.db, users);
        const created = users.map((user, index) => ({ id: ids[index] ?? null, after: user }));
        const action = 'user.create';
        await record(trx, ...created.map((entry) => ({ action, ...entry }) as const));
        return ids;
      });
    } catch (error) {
      if (toPostgresAnswer(error)?.kind !== 'duplicate') throw error;
      refusal = error;
    }
  }
  const duplicates = findDuplicates(users, await takenBy(context, users));
  // Whoever had the name may have gone in the meantime: then only the database knows which it was.
  throw duplicates.length === 0 ? refusal : duplicate(duplicates);
}

/**
 * Replaces the user, or changes the fields that are given. Whoever is switched off is signed out
 * everywhere.
 *
 * @throws ApiError not_found, or user_unavailable if it is the viewer who has gone;
 *   precondition_failed if the user has changed since it was read; duplicate; last_administrator if
 *   nobody could administrate any more; admin_required if somebody changes of themselves what only
 *   administrators may; insufficient_scope if a key changes its own user without \`me:write\`
 */
export function changeUser(
  context: Context,
  id: number,
  changes: UserUpdate,
  action: AuditAction = 'user.change',
): Promise<FullUser> {
  assertOwnToChange(context, changes);
  assertMayActAs(context.viewer, id, 'me:write');
  const work = () =>
    inTransaction(context, async (trx) => {
      if (changes.is_active === false) await assertNotLastAdministrator(trx, id);
      const before = await lockForChange(trx, id);
      const changed = differences(before, changes);
      if (Object.keys(changed).length === 0) return before;
      const after = await store.updateUser(trx.db, id, withAddressState(changed), trx.now);
      if (!after.is_active) await deleteSessionsOf(trx.db, id);
      if (!after.is_active || after.email !== before.email) await deleteEmailTokensOf(trx.db, id);
      if (before.email !== null && after.email !== before.email) {
        const { username } = after;
        const { language } = context;
        const notice = { kind: 'email_changed', to: before.email, username, language } as const;
        await enqueue(trx.db, 'notice', notice);
      }
      await recordDifference(trx, { action, id }, { before, after });
      return after;
    });
  return namingDuplicates(context, changes, work, id);
}

/**
 * Gives the user a role, or any mask of permissions.
 *
 * @throws InvalidRequest if it is not one of the two, or no mask; ApiError not_found;
 *   precondition_failed; last_administrator; beyond_own_permissions if the viewer would grant what
 *   they do not hold
 */
export function assignRole(
  context: Context,
  id: number,
  assignment: RoleAssignment,
): Promise<FullUser> {
  const permissions = maskOf(assignment);
  return inTransaction(context, async (trx) => {
    if (!isAdministratorMask(permissions)) await assertNotLastAdministrator(trx, id);
    const before = await lockForChange(trx, id);
    assertGrantable(context, permissions, before.permissions);
    if (permissions === before.permissions) return before;
    const after = await store.updateUser(trx.db, id, { permissions }, context.now);
    await recordDifference(trx, { action: 'user.role', id }, { before, after });
    return after;
  });
}

/** @throws ApiError not_found; precondition_failed; last_administrator */
export function deleteUser(context: Context, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    const { username, role } = await removeUser(trx, id);
    await record(trx, { action: 'user.delete', id, before: { username, role } });
  });
}

/**
 * Removes the user, with every sign-in and key. To be written down by the caller, in the same
 * transaction.
 *
 * @returns who has gone
 * @throws ApiError not_found, or user_unavailable if it is the viewer who has gone;
 *   precondition_failed; last_administrator
 */
export async function removeUser(trx: Context, id: number): Promise<FullUser> {
  await assertNotLastAdministrator(trx, id);
  const user = await lockForChange(trx, id);
  await store.deleteUser(trx.db, id);
  return user;
}

/** @throws ApiError last_administrator if nobody could administrate without this user */
async function assertNotLastAdministrator(trx: Context, id: number): Promise<void> {
  const administrators = await store.lockWithAdministrators(trx.db, id);
  if (administrators.length === 1 && administrators[0] === id) {
    throw new ApiError('last_administrator');
  }
}

/**
 * Locks the user, and makes sure that it is the one that was read, and nobody who is above the
 * viewer: a lesser administrator could else remove all who may grant what they may not.
 */
async function lockForChange(trx: Context, id: number): Promise<FullUser> {
  const current = await store.lockUser(trx.db, id);
  const isSelf = id === trx.viewer?.id;
  if (current === null) throw new ApiError(isSelf ? 'user_unavailable' : 'not_found');
  await assertUnchanged(trx, current, () => userTag(current));
  assertNotAbove(trx, current);
  return current;
}

/** A new email is not verified. */
function withAddressState(changed: UserUpdate): UserUpdate & { email_verified_at?: null } {
  return changed.email === undefined ? changed : { ...changed, email_verified_at: null };
}

/** The fields of a user that the user does not change alone. */
const ADMINISTERED = ['username', 'email', 'is_active'] as const;

function assertOwnToChange({ viewer }: Context, changes: UserUpdate): void {
  const isAdministered = ADMINISTERED.some((field) => changes[field] !== undefined);
  if (isAdministered && !isAdministrator(viewer)) throw new ApiError('admin_required');
}

function assertNotAbove({ viewer }: Context, { id, permissions }: FullUser): void {
  if (viewer === null || viewer.id === id || !isAdministratorMask(permissions)) return;
  if (beyond(permissions, viewer.permissions) !== 0) throw new ApiError('beyond_own_permissions');
}

function assertGrantable({ viewer }: Context, granted: Mask, before: Mask = 0): void {
  if (beyond(granted, before | (viewer?.permissions ?? 0)) !== 0) {
    throw new ApiError('beyond_own_permissions');
  }
}

function maskOf({ role, permissions }: RoleAssignment): Mask {
  if (role !== undefined && permissions === undefined) return ROLE_PERMISSIONS[role];
  if (permissions === undefined || role !== undefined) {
    throw new InvalidRequest([valueError('role_or_permissions', ['body'], { role, permissions })]);
  }
  if (!isMask(permissions)) {
    throw new InvalidRequest([
      valueError('unknown_permissions', ['body', 'permissions'], permissions),
    ]);
  }
  return permissions;
}

/** Makes of a refusal of the database one that names every value that is taken by another user. */
async function namingDuplicates<T>(
  context: Context,
  user: Names,
  work: () => Promise<T>,
  self?: number,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (toPostgresAnswer(error)?.kind !== 'duplicate') throw error;
    const duplicates = findDuplicates([user], await takenBy(context, [user], self), () => []);
    throw duplicates.length === 0 ? error : duplicate(duplicates, error);
  }
}

type Names = Pick<UserUpdate, 'username' | 'email'>;
type Taken = { usernames: Set<string>; emails: Set<string> };

function takenBy(context: Context, users: Names[], except?: number): Promise<Taken> {
  const values = (field: 'username' | 'email') =>
    users.map((user) => user[field]?.toLowerCase()).filter((value) => value !== undefined);
  return store.findTaken(context.db, values('username'), values('email'), except);
}

/** Where a value stands that is taken, or that stands further up too. */
function findDuplicates(
  users: Names[],
  taken: Taken,
  placeOf: (index: number) => number[] = (index) => [index],
): { loc: (string | number)[]; input: unknown }[] {
  const seen = { username: new Set(taken.usernames), email: new Set(taken.emails) };
  return users.flatMap((user, index) =>
    (['username', 'email'] as const)
      .filter((field) => user[field] != null && !isNew(seen[field], user[field]))
      .map((field) => ({ loc: ['body', ...placeOf(index), field], input: user[field] })),
  );
}

function isNew(seen: Set<string>, value: string): boolean {
  const key = value.toLowerCase();
  return !seen.has(key) && seen.add(key).has(key);
}
