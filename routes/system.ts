import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ApiVersions, Health, Readiness, Status, tag, Welcome } from '#schemas/system.js';
import { Ref } from '#schemas/types.js';
import { pingDatabase } from '#src/db/health.js';
import { projectVersion } from '#src/lib/project-root.js';

const tags = [tag.name];

const operations = {
  health: {
    operationId: 'health',
    summary: 'Check liveness',
    description: 'Returns 200 as long as the process runs, regardless of the database.',
    tags,
    response: { 200: Ref(Health) },
  },
  ready: {
    operationId: 'ready',
    summary: 'Check readiness',
    description:
      'Queries the database. Responds with 503 while the database is unreachable or the ' +
      'service is shutting down.',
    tags,
    response: { 200: Ref(Readiness) },
  },
  statusText: {
    operationId: 'status-text',
    summary: 'Get the status as text',
    description: 'Returns one line of plain text, for people and simple probes.',
    tags,
    response: {
      200: {
        description: 'The service is running',
        content: { 'text/plain': { schema: { type: 'string', examples: ['System operational'] } } },
      },
    },
  },
  versions: {
    operationId: 'api-versions',
    summary: 'List API versions',
    description: 'Returns each version of the API with its base path.',
    tags,
    response: { 200: Ref(ApiVersions) },
  },
  welcome: {
    operationId: 'welcome',
    summary: 'Get a greeting',
    description: 'Returns a greeting and the version of the service.',
    tags,
    response: { 200: Ref(Welcome) },
  },
  status: {
    operationId: 'status',
    summary: 'Get the status',
    description: 'Returns the status and version of the service.',
    tags,
    response: { 200: Ref(Status) },
  },
} as const;

/** A greeting and the status of the service, which every version of the API has. */
export const versionRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('', { schema: operations.welcome }, async () => ({
    message: 'Welcome to Althing',
    framework: 'Fastify',
    version: projectVersion,
  }));

  app.get('/status', { schema: operations.status }, async () => ({
    status: 'ok' as const,
    version: projectVersion,
  }));
};

/** The routes for load balancers, monitors and newcomers. */
const routes: FastifyPluginAsyncTypebox<{ hasDocs: boolean }> = async (app, { hasDocs }) => {
  const start = hasDocs ? '/docs' : '/api/v1';
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect(start));

  app.get('/health', { schema: operations.health }, async () => ({ status: 'healthy' as const }));

  app.get('/ready', { schema: operations.ready }, async () => {
    await pingDatabase(app.db);
    return { status: 'ready' as const };
  });

  app.get('/status', { schema: operations.statusText }, async (_request, reply) => {
    reply.type('text/plain; charset=utf-8');
    return 'System operational';
  });

  app.get('/api', { schema: operations.versions }, async () => ({
    versions: [
      { version: 'v1', url: '/api/v1/' },
      { version: 'v2', url: '/api/v2/' },
    ],
  }));

  await app.register(versionRoutes, { prefix: '/api/v1' });
};

export default routes;
