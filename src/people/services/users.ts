import { MAX_COUNTED, type Page } from '#schemas/paging.js';
import type { UserListQuery } from '#schemas/users.js';
import type { Context } from '#src/access/context.js';
import { hasScope, isAdministrator, type Viewer } from '#src/access/viewer.js';
import type { Database } from '#src/db/database.js';
import { ApiError } from '#src/errors.js';
import { contentTag, entityTag } from '#src/lib/entity-tag.js';
import { withinPageBytes } from '#src/lists/page-bytes.js';
import { readPage } from '#src/lists/paging.js';
import type { SearchContext } from '#src/lists/searches.js';
import * as store from '#src/people/stores/users.js';

type AnyUser = store.PublicUser | store.FullUser;

/**
 * Returns the entity tag of a user, which differs between audiences.
 *
 * Signing in changes only the tag for other administrators, who follow `last_login_at`. The public
 * tag must not reveal it, and users need not read their own account again because they have signed
 * in elsewhere. `If-Match` ignores sign-ins in all three.
 */
export function userTag(user: AnyUser, viewer: Viewer | null): string {
  if (!('email' in user)) return entityTag(user.version, 'public');
  if (user.id === viewer?.id) return entityTag(user.version, 'own');
  return contentTag(user.version, user.last_login_at);
}

/** Returns the audience that the viewer belongs to when reading users in general. */
export function usersAudience(viewer: Viewer | null): store.Audience {
  return isAdministrator(viewer) ? 'full' : 'public';
}

/** The fields of a user that are long, empty. */
const WITHOUT_PROFILE = { bio: '', tags: [], address: null };

/**
 * Returns a page of the users that match the query.
 *
 * @throws InvalidRequest if the cursor is invalid; ApiError too_busy if too many are searching
 */
export async function listUsers(
  { db, viewer, runSearch }: SearchContext,
  { q, ...request }: UserListQuery,
): Promise<Page<AnyUser>> {
  const filter = { q, audience: usersAudience(viewer) };
  const isSearch = store.isUserSearch(filter);
  const read = (db: Database) =>
    readPage(request, {
      list: (slice) => store.listUsers(db, filter, slice),
      count: () => store.countUsers(db, filter),
      sortKey: store.userSortKey,
      isSortKey: store.isUserSortKey,
      ...(isSearch && { most: MAX_COUNTED }),
    });
  const page = await (isSearch ? runSearch(db, read) : read(db));
  return withinPageBytes(page, WITHOUT_PROFILE);
}

/** Number of users that an export reads at once. */
const EXPORT_BATCH = 500;

/**
 * Yields all users visible to the viewer, ordered by id, in lists. Holds no connection while the
 * consumer is busy; users created or deleted meanwhile may be included or not.
 */
export async function* exportUsers({ db, viewer }: Context): AsyncGenerator<AnyUser[]> {
  for (let after = 0; ; ) {
    const users = await store.listUsersAfter(db, usersAudience(viewer), after, EXPORT_BATCH);
    const last = users.at(-1);
    if (last === undefined) return;
    yield users;
    if (users.length < EXPORT_BATCH) return;
    after = last.id;
  }
}

/**
 * Administrators see all fields of every user, users their own; API keys those of their user only
 * with `me:read`.
 */
function maySeeAllFields(viewer: Viewer | null, id: number): boolean {
  return viewer?.id === id ? hasScope(viewer, 'me:read') : isAdministrator(viewer);
}

/** @throws ApiError not_found if the user does not exist */
export async function readUser(context: Context, id: number): Promise<AnyUser> {
  const audience = maySeeAllFields(context.viewer, id) ? 'full' : 'public';
  const user = await store.findUser(context.db, id, audience);
  if (user === null) throw new ApiError('not_found');
  return user;
}

/** Returns the owner of a user, which is the user; null if it does not exist. */
export async function ownerOfUser(context: Context, id: number): Promise<number | null> {
  return (await store.findUser(context.db, id, 'full'))?.id ?? null;
}
