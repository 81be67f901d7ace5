import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ApiVersions, Health, Readiness, Status, tag, Welcome } from '#schemas/system.js';
import { Ref } from '#schemas/types.js';
import { pingDatabase } from '#src/db/health.js';
import { projectVersion } from '#src/lib/project-root.js';

const tags = [tag.name];

const operations = {
  health: {
    operationId: 'health',
    summary: 'Is the process alive?',
    description: 'Answers as long as the process runs, whatever the database does.',
    tags,
    response: { 200: Ref(Health) },
  },
  ready: {
    operationId: 'ready',
    summary: 'Can requests be served?',
    description:
      'Asks the database. 503 while it does not answer or while the service is stopping.',
    tags,
    response: { 200: Ref(Readiness) },
  },
  statusText: {
    operationId: 'status-text',
    summary: 'The status in words',
    description: 'One line of plain text, for people and simple probes.',
    tags,
    response: {
      200: {
        description: 'The service runs',
        content: { 'text/plain': { schema: { type: 'string', examples: ['System operational'] } } },
      },
    },
  },
  versions: {
    operationId: 'api-versions',
    summary: 'The versions of this API',
    description: 'Lists each version with the path under which it begins.',
    tags,
    response: { 200: Ref(ApiVersions) },
  },
  welcome: {
    operationId: 'welcome',
    summary: 'The front door of version 1',
    description: 'A greeting, and what answers it.',
    tags,
    response: { 200: Ref(Welcome) },
  },
  status: {
    operationId: 'status',
    summary: 'The status as JSON',
    description: 'Whether the service runs, and in which version.',
    tags,
    response: { 200: Ref(Status) },
  },
} as const;

/** What a load balancer, a monitor or a newcomer asks first. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'));

  app.get('/health', { schema: operations.health }, async () => ({ status: 'healthy' as const }));

  app.get('/ready', { schema: operations.ready }, async ({ db }) => {
    await pingDatabase(db);
    return { status: 'ready' as const };
  });

  app.get('/status', { schema: operations.statusText }, async (_request, reply) => {
    reply.type('text/plain; charset=utf-8');
    return 'System operational';
  });

  app.get('/api', { schema: operations.versions }, async () => ({
    versions: [{ version: 'v1', url: '/api/v1/' }],
  }));

  app.get('/api/v1', { schema: operations.welcome }, async () => ({
    message: 'Welcome to Althing',
    framework: 'Fastify',
    version: projectVersion,
  }));

  app.get('/api/v1/status', { schema: operations.status }, async () => ({
    status: 'ok' as const,
    version: projectVersion,
  }));
};

export default routes;
