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

/** What is sent here comes back, so it is kept small. */
export const MAX_BODY_BYTES = 64 * KIB;

const operations = {
  form: {
    operationId: 'playground-form',
    summary: 'A form',
    description: 'A form with a field that may be repeated. The password is not sent back.',
    tags,
    body: {
      content: { 'application/x-www-form-urlencoded': { schema: Ref(PlaygroundFormInput) } },
    },
    response: { 200: Ref(PlaygroundForm) },
  },
  json: {
    operationId: 'playground-json',
    summary: 'Nested JSON',
    description:
      'Sends back what was understood. A body that is no JSON is 422, and the error says at which ' +
      'character it stopped being one.',
    tags,
    body: Ref(PlaygroundPerson),
    response: { 200: Ref(PlaygroundJson) },
  },
  user: {
    operationId: 'playground-users',
    summary: 'A nested body, and 201',
    description:
      'Answers as if it had created the user. With an `Idempotency-Key` the first answer comes again.',
    tags,
    body: Ref(PlaygroundUser),
    response: { 201: Ref(PlaygroundUserCreated, { description: 'As if it had been created' }) },
  },
  calc: {
    operationId: 'playground-calc',
    summary: 'A calculation',
    description:
      'Works out `a op b` from a form. What is valid may still be impossible: to divide by zero is ' +
      '400 with the code `division_by_zero`.',
    tags,
    body: {
      content: { 'application/x-www-form-urlencoded': { schema: Ref(PlaygroundCalculation) } },
    },
    response: { 200: Ref(PlaygroundResult) },
  },
} as const;

/** Nothing is done here that a repetition could do twice. */
const pure = { bodyLimit: MAX_BODY_BYTES, config: { csrf: false, idempotent: false } };

/** Bodies of each kind. */
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
