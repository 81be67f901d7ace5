import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import {
  PlaygroundExample,
  PlaygroundMessage,
  PrettyQuery,
} from '#schemas/playground-responses.js';
import { Ref } from '#schemas/types.js';
import { plainText, TEXT_TYPE } from './plain-text.js';
import { tags } from './tags.js';

const TEXT = 'Plain text response';
const CSV = 'ID,Name,Email\r\n1,Alice,alice@example.com\r\n2,Bob,bob@example.com\r\n';
const FILE = 'Hello, this is a downloadable file content.';
const COOKIE_SET = 'Cookie已设置';

const ASYNC_MS = 100;
const COOKIE_SECONDS = 3600;

const operations = {
  text: {
    operationId: 'playground-response-text',
    summary: 'Get plain text',
    description: 'Returns plain text in UTF-8 instead of JSON.',
    tags,
    response: { 200: plainText('The plain text', TEXT) },
  },
  json: {
    operationId: 'playground-response-json',
    summary: 'Get JSON',
    description: 'Returns compact JSON, or indented JSON with `pretty`.',
    tags,
    querystring: PrettyQuery,
    response: { 200: Ref(PlaygroundExample) },
  },
  custom: {
    operationId: 'playground-response-custom',
    summary: 'Get 201 with custom headers',
    description:
      'Returns status 201, a non-standard header, and a `Cache-Control` that forbids caching.',
    tags,
    response: {
      201: {
        description: 'A response with status 201',
        headers: {
          'X-Custom-Header': {
            type: 'string',
            description: 'A non-standard header',
            examples: ['CustomValue'],
          },
        },
        content: { 'application/json': { schema: Ref(PlaygroundMessage) } },
      },
    },
  },
  empty: {
    operationId: 'playground-response-empty',
    summary: 'Get an empty response',
    description: 'Returns 204 without a body and without a `Content-Type`.',
    tags,
    response: { 204: Type.Null({ description: 'No content' }) },
  },
  cookie: {
    operationId: 'playground-response-cookie',
    summary: 'Get a cookie',
    description:
      'Sets the cookie `session_token` (HttpOnly, Secure, SameSite=Lax) for one hour, for ' +
      'the paths of the playground only. `playground-cookies` shows whether the client ' +
      'stored it.',
    tags,
    response: {
      200: plainText('The cookie was set', COOKIE_SET),
    },
  },
  redirect: {
    operationId: 'playground-response-redirect',
    summary: 'Get a redirect',
    description: 'Redirects to the plain text with 302. A client that follows redirects gets 200.',
    tags,
    response: {
      200: plainText('The plain text, for clients that follow the redirect', TEXT),
      302: Type.Null({ description: 'A redirect to the plain text' }),
    },
  },
  download: {
    operationId: 'playground-response-download',
    summary: 'Download a file',
    description:
      'Returns an attachment with a file name. A browser saves it instead of showing it.',
    tags,
    response: { 200: plainText('The content of the file', FILE) },
  },
  csv: {
    operationId: 'playground-response-csv',
    summary: 'Download a CSV table',
    description: 'Returns a table with a header line and two rows (RFC 4180), as an attachment.',
    tags,
    response: {
      200: {
        description: 'A table',
        content: { 'text/csv': { schema: { type: 'string', examples: [CSV] } } },
      },
    },
  },
  async: {
    operationId: 'playground-async',
    summary: 'Get a delayed response',
    description: `Responds after ${ASYNC_MS} ms, without blocking other requests.`,
    tags,
    response: { 200: Ref(PlaygroundMessage) },
  },
} as const;

/** Responses of every type. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/responses/text', { schema: operations.text }, async (_request, reply) => {
    reply.type(TEXT_TYPE);
    return TEXT;
  });

  app.get('/responses/json', { schema: operations.json }, async ({ query }, reply) => {
    reply.type('application/json; charset=utf-8');
    if (query.pretty) reply.serializer((payload: unknown) => JSON.stringify(payload, null, 2));
    const data = { id: 1, name: 'Example' };
    return { message: 'Success', data, status: 'ok' as const };
  });

  app.get('/responses/custom', { schema: operations.custom }, async (_request, reply) => {
    reply
      .code(201)
      .header('x-custom-header', 'CustomValue')
      .header('cache-control', 'no-cache, no-store, must-revalidate');
    return { message: 'Created' };
  });

  app.get('/responses/empty', { schema: operations.empty }, async (_request, reply) => {
    reply.code(204);
  });

  app.get(
    '/responses/cookie',
    { schema: operations.cookie, config: { sends: ['Set-Cookie'] } },
    async (_request, reply) => {
      reply.type(TEXT_TYPE).setCookie('session_token', 'abc123def456', {
        path: `${app.prefix}/`,
        maxAge: COOKIE_SECONDS,
        httpOnly: true,
        secure: true,
        sameSite: 'lax',
      });
      return COOKIE_SET;
    },
  );

  app.get('/responses/redirect', { schema: operations.redirect }, async (_request, reply) =>
    reply.redirect(`${app.prefix}/responses/text`),
  );

  app.get(
    '/responses/download',
    { schema: operations.download, config: { sends: ['Content-Disposition'] } },
    async (_request, reply) => {
      reply.type(TEXT_TYPE).header('content-disposition', 'attachment; filename=example.txt');
      return FILE;
    },
  );

  app.get(
    '/responses/csv',
    { schema: operations.csv, config: { sends: ['Content-Disposition'] } },
    async (_request, reply) => {
      reply.type('text/csv; charset=utf-8');
      reply.header('content-disposition', 'attachment; filename=users.csv');
      return CSV;
    },
  );

  app.get('/async', { schema: operations.async }, async () => {
    await sleep(ASYNC_MS);
    return { message: 'Async response' };
  });
};

export default routes;
