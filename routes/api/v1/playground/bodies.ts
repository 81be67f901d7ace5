import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  PlaygroundCalculation,
  PlaygroundForm,
  PlaygroundFormInput,
  PlaygroundJson,
  PlaygroundPerson,
  PlaygroundResult,
  PlaygroundUser,
  PlaygroundUserCreated,
} from '#schemas/playground-bodies.js';
import { Ref } from '#schemas/types.js';
import { ApiError } from '#src/errors.js';
import { tags } from './tags.js';

const KIB = 1024;

/** Requests are returned in the response, so they must be small. */
export const MAX_BODY_BYTES = 64 * KIB;

const operations = {
  form: {
    operationId: 'playground-form',
    summary: 'Send a form',
    description: 'Parses a form with a repeatable field. The password is not returned.',
    tags,
    body: {
      content: { 'application/x-www-form-urlencoded': { schema: Ref(PlaygroundFormInput) } },
    },
    response: { 200: Ref(PlaygroundForm) },
  },
  json: {
    operationId: 'playground-json',
    summary: 'Send nested JSON',
    description:
      'Returns the JSON as parsed. A body that is not JSON is answered with 422; the error ' +
      'contains the position of the first wrong character.',
    tags,
    body: Ref(PlaygroundPerson),
    response: { 200: Ref(PlaygroundJson) },
  },
  user: {
    operationId: 'playground-users',
    summary: 'Pretend to create a user',
    description:
      'Returns the user with 201, without creating it. With an `Idempotency-Key`, a retry ' +
      'gets the first response again.',
    tags,
    body: Ref(PlaygroundUser),
    response: {
      201: Ref(PlaygroundUserCreated, { description: 'The user, as it would have been created' }),
    },
  },
  calc: {
    operationId: 'playground-calc',
    summary: 'Calculate from a form',
    description:
      'Calculates `a op b` from a form. Valid values can still be impossible to process: a ' +
      'division by zero is answered with 400 and the code `division_by_zero`.',
    tags,
    body: {
      content: { 'application/x-www-form-urlencoded': { schema: Ref(PlaygroundCalculation) } },
    },
    response: { 200: Ref(PlaygroundResult) },
  },
} as const;

/** Operations without side effects need neither a CSRF token nor idempotency. */
const pure = { bodyLimit: MAX_BODY_BYTES, config: { csrf: false, idempotent: false } };

/** Request bodies of every type. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/form', { schema: operations.form, ...pure }, async (request) => {
    const { username, hobby } = request.body as PlaygroundFormInput;
    return { username, hobbies: hobby };
  });

  app.post('/json', { schema: operations.json, ...pure }, async (request) => ({
    received: request.body,
    content_type: request.headers['content-type'] ?? '',
  }));

  app.post(
    '/users',
    { schema: operations.user, bodyLimit: MAX_BODY_BYTES, config: { csrf: false } },
    async (request, reply) => {
      reply.code(201);
      return { created: request.body };
    },
  );

  app.post('/calc', { schema: operations.calc, ...pure }, async (request) => {
    const calculation = request.body as PlaygroundCalculation;
    const result = calculate(calculation);
    if (!Number.isFinite(result)) throw new ApiError('result_too_large');
    return { ...calculation, result };
  });
};

function calculate({ a, b, op }: PlaygroundCalculation): number {
  if (op === '/' && b === 0) throw new ApiError('division_by_zero');
  return { '+': a + b, '-': a - b, '*': a * b, '/': a / b }[op];
}

export default routes;
