import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DatabaseInfo, ServiceStatistics, tag } from '#schemas/admin.js';
import { Ref } from '#schemas/types.js';
import { countResources, findDatabaseInfo } from '#src/db/statistics.js';

const tags = [tag.name];

const operations = {
  database: {
    operationId: 'admin-database',
    summary: 'Describe the database',
    description: 'Returns the version of the server, the database, and the user of the service.',
    tags,
    response: { 200: Ref(DatabaseInfo) },
  },
  statistics: {
    operationId: 'admin-statistics',
    summary: 'Count resources',
    description:
      'Returns the number of users, posts, comments and other resources. Counting shares the ' +
      'limits of searches.',
    tags,
    response: { 200: Ref(ServiceStatistics) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const config = { access: 'admin', scope: 'system:read' } as const;

  app.get('/db', { schema: operations.database, config }, async (request) =>
    findDatabaseInfo(request.context().db),
  );

  app.get('/stats', { schema: operations.statistics, config }, async (request) => {
    const { db, now, runSearch } = request.context();
    return runSearch(db, (connection) => countResources(connection, now));
  });
};

export default routes;
