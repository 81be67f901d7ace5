import type { Page } from '../../schemas/pages.js';
import type { UserCreate, UserListQuery, UserUpdate } from '../../schemas/users.js';
import type { Database } from '../db/database.js';
import { toPostgresAnswer } from '../db/postgres-errors.js';
import { inTransaction } from '../db/transaction.js';
import { ApiError, duplicate } from '../errors.js';
import { entityTag, ifMatchPasses } from '../lib/entity-tag.js';
import * as store from '../stores/users.js';
import { readPage } from './pages.js';
import type { Viewer } from './viewer.js';

type AnyUser = store.PublicUser | store.FullUser;

/** When a change is made, and to which state of the resource. */
export interface Change {
  now: Date;
  /** The If-Match field of the request. */
  ifMatch?: string | undefined;
}

/** The entity tag of a user as one audience sees it. */
export function userTag(user: AnyUser): string {
  return entityTag(user.version, 'email' in user ? 'full' : 'public');
}

/** How much of the users in general this viewer may see. */
export function usersAudience(viewer: Viewer | null): store.Audience {
  return viewer?.role === 'admin' ? 'full' : 'public';
}

/** @throws InvalidRequest if the cursor is not one of ours */
export function listUsers(
  db: Database,
  viewer: Viewer | null,
  { q, ...request }: UserListQuery,
): Promise<Page<AnyUser>> {
  const filter = { q, audience: usersAudience(viewer) };
  return readPage(request, {
    list: (slice) => store.listUsers(db, filter, slice),
    count: () => store.countUsers(db, filter),
    sortKey: store.userSortKey,
    isSortKey: store.isUserSortKey,
  });
}

/**
 * Every user that the viewer may see, by id, as they come out of the database.
 *
 * @param timeout milliseconds after which it is broken off
 */
export function exportUsers(
  db: Database,
  viewer: Viewer | null,
  timeout: number,
): AsyncIterable<AnyUser> {
  return store.streamUsers(db, usersAudience(viewer), timeout);
}

/** @throws ApiError not_found if there is no user with this id that the viewer may see */
export async function readUser(db: Database, viewer: Viewer | null, id: number): Promise<AnyUser> {
  const audience = viewer?.id === id ? 'full' : usersAudience(viewer);
  return (await store.findUser(db, id, audience)) ?? notFound();
}

/** @throws ApiError duplicate, naming the field that is taken */
export async function createUser(db: Database, user: UserCreate): Promise<store.FullUser> {
  return namingDuplicates(user, () => store.insertUser(db, user));
}

/**
 * Creates all of the users, or none.
 *
 * @returns their ids, in the order of `users`
 * @throws ApiError duplicate, with the place of every value that is taken, be it by a user that
 *   exists or by one further up in the list
 */
export async function createUsers(db: Database, users: UserCreate[]): Promise<number[]> {
  const repeated = findDuplicates(users, { usernames: new Set(), emails: new Set() });
  let refusal: unknown;
  if (repeated.length === 0) {
    try {
      return await inTransaction(db, (trx) => store.insertUsers(trx, users));
    } catch (error) {
      if (toPostgresAnswer(error)?.kind !== 'duplicate') throw error;
      refusal = error;
    }
  }
  const taken = await store.findTaken(
    db,
    users.map(({ username }) => username.toLowerCase()),
    users.flatMap(({ email }) => (email == null ? [] : [email.toLowerCase()])),
  );
  const duplicates = findDuplicates(users, taken);
  // Whoever had the name may have gone in the meantime: then only the database knows which it was.
  throw duplicates.length === 0 ? refusal : duplicate(duplicates);
}

/**
 * Replaces the user, or changes the fields that are given.
 *
 * @throws ApiError not_found; precondition_failed if the user has changed since it was read;
 *   duplicate; last_administrator if nobody could administrate any more
 */
export function changeUser(
  db: Database,
  id: number,
  changes: UserUpdate,
  { now, ifMatch }: Change,
): Promise<store.FullUser> {
  return namingDuplicates(changes, () =>
    inTransaction(db, async (trx) => {
      const keepsRole = changes.role === undefined || changes.role === 'admin';
      const staysActive = changes.is_active !== false;
      if (!(keepsRole && staysActive)) await assertNotLastAdministrator(trx, id);
      await lockForChange(trx, id, ifMatch);
      return store.updateUser(trx, id, changes, now);
    }),
  );
}

/** @throws ApiError not_found; precondition_failed; last_administrator */
export function deleteUser(
  db: Database,
  id: number,
  { ifMatch }: Pick<Change, 'ifMatch'>,
): Promise<void> {
  return inTransaction(db, async (trx) => {
    await assertNotLastAdministrator(trx, id);
    await lockForChange(trx, id, ifMatch);
    await store.deleteUser(trx, id);
  });
}

/** Locks the user, and makes sure that it is the one that was read. */
async function lockForChange(
  trx: Database,
  id: number,
  ifMatch: string | undefined,
): Promise<void> {
  const current = (await store.lockUser(trx, id)) ?? notFound();
  if (ifMatch !== undefined && !ifMatchPasses(ifMatch, userTag(current))) {
    throw new ApiError('precondition_failed', { headers: { etag: userTag(current) } });
  }
}

async function assertNotLastAdministrator(trx: Database, id: number): Promise<void> {
  const administrators = await store.lockWithAdministrators(trx, id);
  if (administrators.length === 1 && administrators[0] === id) {
    throw new ApiError('last_administrator');
  }
}

/** Adds to a duplicate the value that was sent. */
async function namingDuplicates<T>(user: UserUpdate, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const answer = toPostgresAnswer(error);
    if (answer?.kind !== 'duplicate') throw error;
    const input = answer.field === 'email' ? user.email : user.username;
    throw duplicate([{ loc: ['body', answer.field], input }], error);
  }
}

function findDuplicates(
  users: UserCreate[],
  taken: { usernames: Set<string>; emails: Set<string> },
): { loc: (string | number)[]; input: unknown }[] {
  const usernames = new Set(taken.usernames);
  const emails = new Set(taken.emails);
  return users.flatMap(({ username, email }, index) => [
    ...(isNew(usernames, username) ? [] : [{ loc: ['body', index, 'username'], input: username }]),
    ...(email == null || isNew(emails, email)
      ? []
      : [{ loc: ['body', index, 'email'], input: email }]),
  ]);
}

function isNew(seen: Set<string>, value: string): boolean {
  const key = value.toLowerCase();
  return !seen.has(key) && seen.add(key).has(key);
}

function notFound(): never {
  throw new ApiError('not_found');
}
