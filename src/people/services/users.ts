import type { Page } from '#schemas/paging.js';
import type { UserListQuery } from '#schemas/users.js';
import type { Context } from '#src/access/context.js';
import { hasScope, isAdministrator, type Viewer } from '#src/access/viewer.js';
import { ApiError } from '#src/errors.js';
import { entityTag } from '#src/lib/entity-tag.js';
import { readPage } from '#src/lists/paging.js';
import * as store from '#src/people/stores/users.js';

type AnyUser = store.PublicUser | store.FullUser;

/** The entity tag of a user as one audience sees it. */
export function userTag(user: AnyUser): string {
  return entityTag(user.version, 'email' in user ? 'full' : 'public');
}

/** How much of the users in general this viewer may see. */
export function usersAudience(viewer: Viewer | null): store.Audience {
  return isAdministrator(viewer) ? 'full' : 'public';
}

/** @throws InvalidRequest if the cursor is not one of ours */
export function listUsers(
  context: Context,
  { q, ...request }: UserListQuery,
): Promise<Page<AnyUser>> {
  const filter = { q, audience: usersAudience(context.viewer) };
  return readPage(request, {
    list: (slice) => store.listUsers(context.db, filter, slice),
    count: () => store.countUsers(context.db, filter),
    sortKey: store.userSortKey,
    isSortKey: store.isUserSortKey,
  });
}

/**
 * Every user that the viewer may see, by id, as they come out of the database.
 *
 * @param timeout milliseconds after which it is broken off
 */
export function exportUsers(context: Context, timeout: number): AsyncIterable<AnyUser> {
  return store.streamUsers(context.db, usersAudience(context.viewer), timeout);
}

/** Administrators see everybody whole, people themselves; a key its own user only with `me:read`. */
function maySeeWhole(viewer: Viewer | null, id: number): boolean {
  return viewer?.id === id ? hasScope(viewer, 'me:read') : isAdministrator(viewer);
}

/** @throws ApiError not_found if there is no user with this id that the viewer may see */
export async function readUser(context: Context, id: number): Promise<AnyUser> {
  const audience = maySeeWhole(context.viewer, id) ? 'full' : 'public';
  const user = await store.findUser(context.db, id, audience);
  if (user === null) throw new ApiError('not_found');
  return user;
}

/** Whose a user is: their own. */
export async function ownerOfUser(context: Context, id: number): Promise<number | null> {
  return (await store.findUser(context.db, id, 'full'))?.id ?? null;
}
