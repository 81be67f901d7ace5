import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { RoleAssignment } from '#schemas/roles.js';
import { Ref, withExamples } from '#schemas/types.js';
import {
  Invitation,
  MAX_BULK_USERS,
  tag,
  User,
  UserBulkCreate,
  UserBulkCreated,
  UserCreate,
  UserListQuery,
  UserPage,
  UserParams,
  UserReplace,
  UserUpdate,
  UserView,
} from '#schemas/users.js';
import { INVITATION_DAYS, inviteUser } from '#src/people/services/invitations.js';
import * as changes from '#src/people/services/user-changes.js';
import * as users from '#src/people/services/users.js';

/** Enough for a thousand users with typical fields. */
const MAX_BULK_BYTES = 4 * 1024 * 1024;

const tags = [tag.name];

const KEY_CHANGES =
  'An API key cannot change an administrator or an email address, and only the profile of its own ' +
  'user.';

const KEY_LIMITS = 'An API key cannot do this to an administrator or to its own user.';

const operations = {
  list: {
    operationId: 'users-list',
    summary: 'List users',
    description:
      'Returns users, filtered by `q` and sorted by `sort`. Everyone sees the public fields ' +
      'of active users; administrators see all users with all fields.',
    tags,
    querystring: UserListQuery,
    response: { 200: Ref(UserPage) },
  },
  read: {
    operationId: 'users-read',
    summary: 'Read a user',
    description:
      'Returns a user: with all fields for administrators and the user, with the public ' +
      'fields for everyone else.',
    tags,
    params: UserParams,
    headers: IfNoneMatchHeaders,
    response: { 200: UserView, 304: NotModified },
  },
  create: {
    operationId: 'users-create',
    summary: 'Create a user',
    description:
      'Creates a user. Without `password`, the user cannot sign in until invited with ' +
      '`POST /api/v1/users/{id}/invite`. Responds with 409 if the ' +
      'username or email address is taken, ignoring case. An API key cannot create an ' +
      'administrator, nor set a password.',
    tags,
    body: Ref(UserCreate),
    response: { 201: Ref(User, { description: 'The user was created' }) },
  },
  bulk: {
    operationId: 'users-bulk-create',
    summary: 'Create users in bulk',
    description:
      `Creates 1 to ${MAX_BULK_USERS} users in one statement. If one of them cannot be ` +
      'created, none is. The `loc` of each error contains the index of the user that caused ' +
      'it. An API key cannot create administrators.',
    tags,
    body: UserBulkCreate,
    response: { 201: Ref(UserBulkCreated, { description: 'The users were created' }) },
  },
  replace: {
    operationId: 'users-replace',
    summary: 'Replace a user',
    description:
      'Replaces all fields of a user. Omitted fields are reset to their defaults; the role ' +
      'is kept. ' +
      KEY_CHANGES,
    tags,
    params: UserParams,
    headers: IfMatchHeaders,
    body: Ref(UserReplace),
    response: { 200: Ref(User) },
  },
  update: {
    operationId: 'users-update',
    summary: 'Change a user',
    description:
      'Changes the given fields. Users can change their own profile; only administrators ' +
      'can change `username`, `email` and `is_active`. Deactivating a user ends all their ' +
      'sessions. ' +
      KEY_CHANGES,
    tags,
    params: UserParams,
    headers: IfMatchHeaders,
    body: Ref(UserUpdate),
    response: { 200: Ref(User) },
  },
  role: {
    operationId: 'users-assign-role',
    summary: 'Assign a role',
    description:
      'Assigns a role or a permission mask. You can only grant permissions that you have. ' +
      'The last administrator cannot be demoted. An API key cannot make an administrator. ' +
      KEY_LIMITS,
    tags,
    params: UserParams,
    headers: IfMatchHeaders,
    body: Ref(RoleAssignment),
    response: { 200: Ref(User) },
  },
  invite: {
    operationId: 'users-invite',
    summary: 'Invite a user',
    description:
      'Invites a user who has no password to choose one, by mail. If the service sends no mail, ' +
      'or the user has no email address, the response contains the token, once. It works once, ' +
      `within ${INVITATION_DAYS} days, with \`POST /api/v1/auth/reset-password\`, and replaces ` +
      'that of an earlier invitation.',
    tags,
    params: withExamples(UserParams, { id: 15 }),
    response: { 202: Ref(Invitation, { description: 'The user was invited' }) },
  },
  remove: {
    operationId: 'users-delete',
    summary: 'Delete a user',
    description:
      'Deletes a user and ends their sessions. The last administrator cannot be deleted. ' +
      KEY_LIMITS,
    tags,
    params: withExamples(UserParams, { id: 16 }),
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The user was deleted' }) },
  },
} as const;

export interface UserReadsOptions {
  /** Whether everyone may read users, as far as they are public; otherwise signed-in users. */
  isPublic: boolean;
}

export interface UserRoutesOptions extends UserReadsOptions {
  /** The maximum number of requests per minute and IP address that change profiles. */
  perMinute: number;
  /** The maximum number of invitations per minute and IP address. */
  invitationsPerMinute: number;
  /** The base URL of the client application, for links. */
  clientUrl: string | undefined;
}

/** Who may read users. */
export function readersOf(isPublic: boolean) {
  return {
    access: isPublic ? 'public' : 'user',
    scope: 'users:read',
    closedBy: 'PUBLIC_USERS=false',
  } as const satisfies FastifyContextConfig;
}

const write = { access: 'admin', scope: 'users:write', errors: [404, 409, 412] } as const;

/** The list of users and single users, which every version of the API has. */
export const userReads: FastifyPluginAsyncTypebox<UserReadsOptions> = async (app, { isPublic }) => {
  const read = readersOf(isPublic);

  app.get('/', { schema: operations.list, config: read }, async (request, reply) => {
    const page = await users.listUsers(request.context(), request.query);
    return reply.page(page);
  });

  app.get(
    '/:id',
    { schema: operations.read, config: { ...read, errors: [404] } },
    async (request, reply) => {
      const user = await users.readUser(request.context(), request.params.id);
      return reply.entity(user, users.userTag(user, request.viewer));
    },
  );
};

const routes: FastifyPluginAsyncTypebox<UserRoutesOptions> = async (app, options) => {
  const { isPublic, perMinute, invitationsPerMinute, clientUrl = null } = options;
  await app.register(userReads, { isPublic });
  const limited = { ...write, limit: { perMinute, group: 'profiles' } } as const;

  app.post(
    '/',
    {
      schema: operations.create,
      config: { ...write, errors: [409], reply: 'created', revokes: false },
    },
    async (request, reply) => {
      const user = await changes.createUser(request.context(), request.body);
      return reply.created(`${app.prefix}/${user.id}`, user, users.userTag(user, request.viewer));
    },
  );

  app.post(
    '/bulk',
    {
      schema: operations.bulk,
      bodyLimit: MAX_BULK_BYTES,
      config: { ...write, errors: [409], revokes: false },
    },
    async (request, reply) => {
      const ids = await changes.createUsers(request.context(), request.body);
      reply.code(201);
      return { created: ids.length, ids };
    },
  );

  type Change = { Params: Static<typeof UserParams>; Body: UserUpdate };
  async function change(request: FastifyRequest<Change>, reply: FastifyReply) {
    const { id } = request.params;
    const user = await changes.changeUser(request.context(), id, request.body);
    return reply.entity(user, users.userTag(user, request.viewer));
  }

  // PUT and PATCH share a handler: validation fills in the fields that a PUT omits.
  app.put<Change>('/:id', { schema: operations.replace, config: limited }, change);
  app.patch<Change>(
    '/:id',
    {
      schema: operations.update,
      config: { ...limited, access: 'owner', ownerOf: users.ownerOfUser },
    },
    change,
  );

  app.put('/:id/role', { schema: operations.role, config: write }, async (request, reply) => {
    const user = await changes.assignRole(request.context(), request.params.id, request.body);
    return reply.entity(user, users.userTag(user, request.viewer));
  });

  app.post(
    '/:id/invite',
    {
      schema: operations.invite,
      config: {
        access: 'admin',
        scope: null,
        // The response may contain the token.
        idempotent: false,
        errors: [404, 409],
        limit: { perMinute: invitationsPerMinute },
      },
    },
    async (request, reply) => {
      // A development service keeps its mails in memory, where only its own machine reads them.
      const sendsMail = app.mail.available && app.outbox === null;
      const invitation = await inviteUser(request.context(), request.params.id, {
        sendsMail,
        clientUrl,
      });
      reply.code(202);
      return invitation;
    },
  );

  app.delete('/:id', { schema: operations.remove, config: write }, async (request, reply) => {
    const { id } = request.params;
    await changes.deleteUser(request.context(), id);
    reply.code(204);
  });
};

export default routes;
