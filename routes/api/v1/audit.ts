import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AuditListQuery, AuditPage, tag } from '#schemas/audit.js';
import { Ref } from '#schemas/types.js';
import { listAuditEntries } from '#src/audit/audit.js';

const operations = {
  list: {
    operationId: 'audit-list',
    summary: 'List the audit log',
    description:
      'Returns audit log entries, newest first. An entry is written in the same transaction ' +
      'as the change that it records. It is removed after a year, unless the service is ' +
      'configured otherwise, and the personal data of a deleted user is erased from it; nothing ' +
      'else changes an entry. Repeats of a refused attempt to sign in, from the same network ' +
      'within an hour, are counted in one entry (`count`, `last_at`). If one network tries more ' +
      'than 20 names within that time, or all networks more than 500, further attempts are ' +
      "counted together; their entry has no `resource_id` and `accounts: 'several'` in `after`. " +
      'An entry must match all given filters.',
    tags: [tag.name],
    querystring: AuditListQuery,
    response: { 200: Ref(AuditPage) },
  },
} as const;

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/',
    { schema: operations.list, config: { access: 'admin', scope: 'audit:read' } },
    async (request, reply) => {
      const page = await listAuditEntries(request.context(), request.query);
      return reply.page(page);
    },
  );
};

export default routes;
