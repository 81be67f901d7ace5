import type { AuditAction } from '#schemas/audit.js';
import { ROLE_PERMISSIONS, type RoleAssignment } from '#schemas/roles.js';
import type { UserBulkItem, UserCreate, UserUpdate } from '#schemas/users.js';
import type { Context } from '#src/access/context.js';
import { assertMayActAs } from '#src/access/ownership.js';
import { isAdministratorMask, isMask, type Mask } from '#src/access/permissions.js';
import { assertUnchanged } from '#src/access/preconditions.js';
import { record, recordDifference } from '#src/audit/audit.js';
import { toPostgresFailure } from '#src/db/postgres-errors.js';
import { inTransaction } from '#src/db/transaction.js';
import { ApiError, duplicate, InvalidRequest, valueError } from '#src/errors.js';
import { differences } from '#src/lib/differences.js';
import { fold, foldEmail } from '#src/lib/fold.js';
import { deleteEmailTokensOf } from '#src/people/stores/email-tokens.js';
import { deleteSessionsOf } from '#src/people/stores/sessions.js';
import * as store from '#src/people/stores/user-changes.js';
import type { FullUser } from '#src/people/stores/users.js';
import { enqueue } from '#src/queue/store.js';
import { eraseUser } from './erasure.js';
import { hashPassword, passwordItems } from './passwords.js';
import {
  assertGrantable,
  assertMayChangeFields,
  assertMayChangeUser,
  kindOfChange,
} from './policy.js';
import { userTag } from './users.js';

/**
 * Creates a user, who can sign in if a password is given.
 *
 * @throws InvalidRequest if the password breaks a rule; ApiError duplicate, with every field that is
 *   taken; beyond_own_permissions if the role has permissions that the viewer lacks;
 *   key_cannot_administer if an API key creates an administrator or sets a password
 */
export async function createUser(
  context: Context,
  { password, ...user }: UserCreate,
): Promise<FullUser> {
  assertGrantable(context, ROLE_PERMISSIONS[user.role]);
  // Otherwise whoever finds a key could sign in after it was deleted.
  if (password !== undefined && context.viewer?.credential.kind === 'key') {
    throw new ApiError('key_cannot_administer');
  }
  const items = password === undefined ? [] : passwordItems(password, user, 'password');
  if (items.length > 0) throw new InvalidRequest(items);
  const hashed =
    password === undefined
      ? {}
      : { password_hash: await hashPassword(password, context.passwordCost) };
  return withDuplicateErrors(context, user, () =>
    inTransaction(context, async (trx) => {
      const created = await store.insertUser(trx.db, { ...user, ...hashed });
      await record(trx, { action: 'user.create', id: created.id, after: user });
      return created;
    }),
  );
}

/**
 * Creates all users, or none.
 *
 * @returns their ids, in the order of `users`
 * @throws ApiError duplicate, with the location of every value that is taken by an existing user or
 *   repeats an earlier item; beyond_own_permissions; key_cannot_administer
 */
export async function createUsers(context: Context, users: UserBulkItem[]): Promise<number[]> {
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
      if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
      refusal = error;
    }
  }
  const duplicates = findDuplicates(users, await takenBy(context, users));
  // The conflicting user may have been deleted since. Then only the database's error is known.
  throw duplicates.length === 0 ? refusal : duplicate(duplicates);
}

/**
 * Replaces the user, or updates the given fields. Deactivating a user ends all their sessions.
 *
 * @throws ApiError not_found, or user_unavailable if the viewer's own account is gone;
 *   precondition_failed if the user has changed since it was read; duplicate; last_administrator if
 *   no administrator would remain; admin_required if anyone but an administrator changes an
 *   administered field; beyond_own_permissions; insufficient_scope if an API key without `me:write`
 *   changes its own user; key_cannot_administer if an API key changes an administrator, anybody's
 *   email address, or more than the profile of its own user
 */
export function changeUser(
  context: Context,
  id: number,
  changes: UserUpdate,
  action: AuditAction = 'user.change',
): Promise<FullUser> {
  assertMayChangeFields(context, changes);
  assertMayActAs(context.viewer, id, 'me:write');
  const work = () =>
    inTransaction(context, async (trx) => {
      const isLast = changes.is_active === false && (await isLastAdministrator(trx, id));
      const before = await lockForChange(trx, id);
      const changed = differences(before, changes);
      assertMayChangeUser(trx, before, kindOfChange(changed));
      if (Object.keys(changed).length === 0) return before;
      if (isLast) throw new ApiError('last_administrator');
      const after = await store.updateUser(trx.db, id, withUnverifiedEmail(changed), trx.now);
      if (!after.is_active) await deleteSessionsOf(trx.db, id);
      if (!after.is_active || after.email !== before.email) await deleteEmailTokensOf(trx.db, id);
      if (before.email !== null && after.email !== before.email) {
        const { username } = after;
        const { language } = context;
        const notice = { kind: 'email_changed', userId: id, to: before.email } as const;
        await enqueue(trx.db, 'notice', { ...notice, username, language });
      }
      await recordDifference(trx, { action, id }, { before, after });
      return after;
    });
  return withDuplicateErrors(context, changes, work, id);
}

/**
 * Assigns a role, or any mask of permissions.
 *
 * @throws InvalidRequest unless exactly one of both is given, or if the mask is invalid; ApiError
 *   not_found; precondition_failed; last_administrator; beyond_own_permissions if the viewer would
 *   grant permissions that they lack; key_cannot_administer if an API key grants administrator
 *   permissions, or changes the role of an administrator or of its own user
 */
export function assignRole(
  context: Context,
  id: number,
  assignment: RoleAssignment,
): Promise<FullUser> {
  const permissions = maskOf(assignment);
  return inTransaction(context, async (trx) => {
    const isLast = !isAdministratorMask(permissions) && (await isLastAdministrator(trx, id));
    const before = await lockForChange(trx, id);
    assertMayChangeUser(trx, before, 'identity');
    assertGrantable(trx, permissions, before.permissions);
    if (isLast) throw new ApiError('last_administrator');
    if (permissions === before.permissions) return before;
    const after = await store.updateUser(trx.db, id, { permissions }, context.now);
    await recordDifference(trx, { action: 'user.role', id }, { before, after });
    return after;
  });
}

/** @throws ApiError not_found; precondition_failed; last_administrator; key_cannot_administer */
export function deleteUser(context: Context, id: number): Promise<void> {
  return inTransaction(context, async (trx) => {
    await removeUser(trx, id, 'user.delete');
  });
}

/**
 * Deletes the user with all sessions and API keys, records it, and erases the user's personal data
 * everywhere else. The user's posts and comments remain, without an author.
 *
 * @throws ApiError not_found, or user_unavailable if the viewer's own account is gone;
 *   precondition_failed; last_administrator; key_cannot_administer if an API key deletes an
 *   administrator or its own user
 */
export async function removeUser(trx: Context, id: number, action: AuditAction): Promise<void> {
  const isLast = await isLastAdministrator(trx, id);
  const user = await lockForChange(trx, id);
  assertMayChangeUser(trx, user, 'identity');
  if (isLast) throw new ApiError('last_administrator');
  await store.deleteUser(trx.db, id);
  const { role, permissions } = user;
  await record(trx, { action, id, before: { role, permissions } });
  await eraseUser(trx, user);
}

/**
 * Whether no other administrator can sign in. Locks all administrators and the user, so it must
 * come before any other lock.
 */
async function isLastAdministrator(trx: Context, id: number): Promise<boolean> {
  const administrators = await store.lockWithAdministrators(trx.db, id);
  return administrators.length === 1 && administrators[0] === id;
}

/** Returns the user, locked, after checking `If-Match`. */
async function lockForChange(trx: Context, id: number): Promise<FullUser> {
  const current = await store.lockUser(trx.db, id);
  const isSelf = id === trx.viewer?.id;
  if (current === null) throw new ApiError(isSelf ? 'user_unavailable' : 'not_found');
  await assertUnchanged(trx, current, () => userTag(current, trx.viewer));
  return current;
}

/** Marks a new email address as unverified. */
function withUnverifiedEmail(changed: UserUpdate): UserUpdate & { email_verified_at?: null } {
  return changed.email === undefined ? changed : { ...changed, email_verified_at: null };
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

/** Replaces the database's unique violation by an error with every value taken by another user. */
async function withDuplicateErrors<T>(
  context: Context,
  user: Names,
  work: () => Promise<T>,
  self?: number,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (toPostgresFailure(error)?.kind !== 'duplicate') throw error;
    const duplicates = findDuplicates([user], await takenBy(context, [user], self), () => []);
    throw duplicates.length === 0 ? error : duplicate(duplicates, error);
  }
}

type Names = Pick<UserUpdate, 'username' | 'email'>;
type Taken = { usernames: Set<string>; emails: Set<string> };

function takenBy(context: Context, users: Names[], except?: number): Promise<Taken> {
  const keys = (field: 'username' | 'email') =>
    users.flatMap((user) => (user[field] == null ? [] : keyOf(field, user[field])));
  return store.findTaken(context.db, keys('username'), keys('email'), except);
}

/** Returns the location of every value that is taken or repeats an earlier one. */
function findDuplicates(
  users: Names[],
  taken: Taken,
  placeOf: (index: number) => number[] = (index) => [index],
): { loc: (string | number)[]; input: unknown }[] {
  const seen = { username: new Set(taken.usernames), email: new Set(taken.emails) };
  return users.flatMap((user, index) =>
    (['username', 'email'] as const)
      .filter((field) => user[field] != null && !isNew(seen[field], keyOf(field, user[field])))
      .map((field) => ({ loc: ['body', ...placeOf(index), field], input: user[field] })),
  );
}

function keyOf(field: 'username' | 'email', value: string): string {
  return field === 'email' ? foldEmail(value) : fold(value);
}

function isNew(seen: Set<string>, key: string): boolean {
  return !seen.has(key) && seen.add(key).has(key);
}
