import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { MyTaskListQuery, MyTaskPage } from '#schemas/my-tasks.js';
import { tag } from '#schemas/project-tasks.js';
import { Ref } from '#schemas/types.js';
import { listMyTasks } from '#src/work/services/my-tasks.js';

const list = {
  operationId: 'project-tasks-list-mine',
  summary: 'List your work',
  description:
    'Returns the tasks of all your projects that you are assigned to, or those that you watch. ' +
    'Those that are due first come first, tasks without a due date last. Archived projects are ' +
    'left out.',
  tags: [tag.name],
  querystring: MyTaskListQuery,
  response: { 200: Ref(MyTaskPage) },
} as const;

/** The work of the viewer over all projects. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: list, config: { access: 'user', scope: 'projects:read' } },
    async (request, reply) => {
      return reply.page(await listMyTasks(request.acting(), request.query));
    },
  );
};

export default routes;
