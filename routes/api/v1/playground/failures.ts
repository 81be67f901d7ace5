import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ErrorQuery, PlaygroundQuotient } from '#schemas/playground-responses.js';
import { Ref } from '#schemas/types.js';
import { tags } from './tags.js';

const DIVIDEND = 1000n;

const operation = {
  operationId: 'playground-error',
  summary: 'A fault of the service',
  description:
    'Divides 1000 by `divisor` without looking, so that with 0, which is the default, the service ' +
    'fails as it would on a fault of its own: 500 with the request id, and the cause in the log.',
  tags,
  querystring: ErrorQuery,
  response: { 200: Ref(PlaygroundQuotient) },
} as const;

/** What goes wrong. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/error', { schema: operation }, async ({ query: { divisor } }) => ({
    divisor,
    // Integers of this kind throw where numbers would become infinite.
    quotient: Number(DIVIDEND / BigInt(divisor)),
  }));
};

export default routes;
