import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IfMatchHeaders, IfNoneMatchHeaders, NotModified } from '#schemas/headers.js';
import { RoleAssignment } from '#schemas/roles.js';
import { Ref } from '#schemas/types.js';
import {
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
import * as changes from '#src/people/services/user-changes.js';
import * as users from '#src/people/services/users.js';

/** A thousand users with everything that one usually has. */
const MAX_BULK_BYTES = 4 * 1024 * 1024;

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'users-list',
    summary: 'List users',
    description:
      'The users in pages, found by `q` and sorted by `sort`. Everyone sees the public fields of ' +
      'the active users; administrators see all of them whole.',
    tags,
    querystring: UserListQuery,
    response: { 200: Ref(UserPage) },
  },
  read: {
    operationId: 'users-read',
    summary: 'Read a user',
    description: 'One user: whole for administrators and the user, the public fields for others.',
    tags,
    params: UserParams,
    headers: IfNoneMatchHeaders,
    response: { 200: UserView, 304: NotModified },
  },
  create: {
    operationId: 'users-create',
    summary: 'Create a user',
    description:
      'A username or e-mail address that is taken, in any case, is refused with 409. The user has ' +
      'no password yet and cannot sign in.',
    tags,
    body: Ref(UserCreate),
    response: { 201: Ref(User, { description: 'The user that was created' }) },
  },
  bulk: {
    operationId: 'users-bulk-create',
    summary: 'Create many users',
    description:
      `Creates 1 to ${MAX_BULK_USERS} users in one statement: all of them, or, if one of them is not ` +
      'possible, none. The `loc` of each error has the index of the user that is to blame.',
    tags,
    body: UserBulkCreate,
    response: { 201: Ref(UserBulkCreated, { description: 'The users were created' }) },
  },
  replace: {
    operationId: 'users-replace',
    summary: 'Replace a user',
    description:
      'Writes the whole user; what is left out goes back to its default. The role stays as it is.',
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
      'Changes the fields that are given; what is left out stays. Users change their own profile; ' +
      'username, e-mail address and `is_active` only administrators change. Whoever is switched off ' +
      'is signed out everywhere.',
    tags,
    params: UserParams,
    headers: IfMatchHeaders,
    body: Ref(UserUpdate),
    response: { 200: Ref(User) },
  },
  role: {
    operationId: 'users-assign-role',
    summary: 'Give a user a role',
    description:
      'Gives a role, or any mask of permissions. Nobody grants what they do not hold themselves, ' +
      'and the last administrator stays one.',
    tags,
    params: UserParams,
    headers: IfMatchHeaders,
    body: Ref(RoleAssignment),
    response: { 200: Ref(User) },
  },
  remove: {
    operationId: 'users-delete',
    summary: 'Delete a user',
    description: 'Deletes the user and ends their sessions. The last administrator stays.',
    tags,
    params: UserParams,
    headers: IfMatchHeaders,
    response: { 204: Type.Null({ description: 'The user is gone' }) },
  },
} as const;

const write = { access: 'admin', scope: 'users:write', errors: [404, 409, 412] } as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: operations.list, config: { scope: 'users:read' } },
    async (request, reply) => {
      const page = await users.listUsers(request.context(), request.query);
      return reply.page(page);
    },
  );

  app.get(
    '/:id',
    { schema: operations.read, config: { scope: 'users:read', errors: [404] } },
    async (request, reply) => {
      const user = await users.readUser(request.context(), request.params.id);
      return reply.entity(user, users.userTag(user));
    },
  );

  app.post(
    '/',
    {
      schema: operations.create,
      config: { ...write, errors: [409], answers: 'created' },
    },
    async (request, reply) => {
      const user = await changes.createUser(request.context(), request.body);
      return reply.created(`${app.prefix}/${user.id}`, user, users.userTag(user));
    },
  );

  app.post(
    '/bulk',
    {
      schema: operations.bulk,
      bodyLimit: MAX_BULK_BYTES,
      config: { ...write, errors: [409] },
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
    return reply.entity(user, users.userTag(user));
  }

  // The body of a PUT has every field: what was left out of it is there with its default.
  app.put<Change>('/:id', { schema: operations.replace, config: write }, change);
  app.patch<Change>(
    '/:id',
    {
      schema: operations.update,
      config: { ...write, access: 'owner', ownerOf: users.ownerOfUser },
    },
    change,
  );

  app.put('/:id/role', { schema: operations.role, config: write }, async (request, reply) => {
    const user = await changes.assignRole(request.context(), request.params.id, request.body);
    return reply.entity(user, users.userTag(user));
  });

  app.delete('/:id', { schema: operations.remove, config: write }, async (request, reply) => {
    const { id } = request.params;
    await changes.deleteUser(request.context(), id);
    reply.code(204);
  });
};

export default routes;
