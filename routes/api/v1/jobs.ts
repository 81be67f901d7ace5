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
      'Returns the background jobs that are not completed, oldest first. Completed jobs are ' +
      'removed; failed jobs are kept for 30 days, with their last error.',
    tags,
    querystring: JobListQuery,
    response: { 200: Ref(JobPage) },
  },
  retry: {
    operationId: 'jobs-retry',
    summary: 'Retry a job',
    description:
      'Makes a job due immediately and resets its attempts. Responds with 409 and the code ' +
      '`job_running` if the job is running.',
    tags,
    params: JobParams,
    response: { 200: Ref(Job, { description: 'The job is waiting to run' }) },
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
