import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { MAX_CANDIDATES, tag } from '#schemas/search.js';
import { TaskSearchPage, TaskSearchQuery } from '#schemas/task-search.js';
import { Ref } from '#schemas/types.js';
import { searchTasks } from '#src/work/services/task-search.js';

const search = {
  operationId: 'search-tasks',
  summary: 'Search tasks and comments on them',
  description:
    'Returns the tasks of your projects, the comments on them, and your personal tasks that match ' +
    'all words. Matches in the summary rank highest. Nothing of the trash is found, and nothing ' +
    'of projects that you are not a member of. An API key finds personal tasks only if it also ' +
    `has the scope \`tasks:read\`. Only the newest ${MAX_CANDIDATES} matches of each kind are ` +
    'ranked and counted in `total`: tasks, tasks with all words in the summary, and comments. ' +
    'There is no cursor: `next_cursor` is always null. Few searches run at once: if too many are ' +
    'waiting, the response is 503 with the code `too_busy`.',
  tags: [tag.name],
  querystring: TaskSearchQuery,
  response: { 200: Ref(TaskSearchPage) },
} as const;

/** Unlike posts, tasks are private, so no result is ever cached. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: search, config: { access: 'user', scope: 'projects:read', reply: 'page' } },
    async (request, reply) => {
      return reply.page(await searchTasks(request.acting(), request.query));
    },
  );
};

export default routes;
