import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Job, JobListQuery, JobPage, JobParams, tag } from '#schemas/jobs.js';
import { Ref } from '#schemas/types.js';
import * as jobs from '#src/queue/jobs.js';

const tags = [tag.name];

const operations = {
  list: {
    operationId: 'jobs-list',
    summary: 'List jobs',
    description:
      'What the service has yet to do in the background, in the order in which it was added. A job ' +
      'that is done is gone; one that has failed for good stays, with the reason.',
    tags,
    querystring: JobListQuery,
    response: { 200: Ref(JobPage) },
  },
  retry: {
    operationId: 'jobs-retry',
    summary: 'Run a job again',
    description:
      'Makes the job due at once, with all its attempts before it. One that is running is refused ' +
      'with 409 and the code `job_running`.',
    tags,
    params: JobParams,
    response: { 200: Ref(Job, { description: 'The job, which waits now' }) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const config = { access: 'admin', scope: 'jobs:read' } as const;
  app.get('/', { schema: operations.list, config }, async (request, reply) => {
    const page = await jobs.listJobs(request.context(), request.query);
    return reply.page(page);
  });

  app.post(
    '/:id/retry',
    {
      schema: operations.retry,
      config: { access: 'admin', scope: 'jobs:write', errors: [404, 409] },
    },
    async (request) => jobs.retryJob(request.context(), request.params.id),
  );
};

export default routes;
