import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ErrorQuery, PlaygroundQuotient } from '#schemas/playground-responses.js';
import { Ref } from '#schemas/types.js';
import { tags } from './tags.js';

const DIVIDEND = 1000n;

const operation = {
  operationId: 'playground-error',
  summary: 'Provoke an internal error',
  description:
    'Divides 1000 by `divisor` without checking it. With 0, the default, the service fails: ' +
    'the response is 500 with the request id, and the log contains the cause.',
  tags,
  querystring: ErrorQuery,
  response: { 200: Ref(PlaygroundQuotient) },
} as const;

/** Internal errors. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/error', { schema: operation }, async ({ query: { divisor } }) => ({
    divisor,
    // A division by zero throws with BigInt; with numbers it would give Infinity.
    quotient: Number(DIVIDEND / BigInt(divisor)),
  }));
};

export default routes;
