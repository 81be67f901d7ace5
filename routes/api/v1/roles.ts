import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RoleList, tag } from '#schemas/roles.js';
import { Ref } from '#schemas/types.js';
import { listRoles } from '#src/access/permissions.js';

const operations = {
  list: {
    operationId: 'roles-list',
    summary: 'List the roles',
    description:
      'The roles from the least to the greatest, and the permissions that they, and any other ' +
      'mask, are made of.',
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
