import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RoleList, tag } from '#schemas/roles.js';
import { Ref } from '#schemas/types.js';
import { listRoles } from '#src/access/permissions.js';

const operations = {
  list: {
    operationId: 'roles-list',
    summary: 'List roles',
    description:
      'Returns all roles, from fewest to most permissions, and all permissions with their bits.',
    tags: [tag.name],
    response: { 200: Ref(RoleList) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', { schema: operations.list, config: { scope: 'users:read' } }, async () =>
    listRoles(),
  );
};

export default routes;
