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
    summary: 'Plain text',
    description: 'An answer that is no JSON: plain text in UTF-8.',
    tags,
    response: { 200: plainText('Plain text', TEXT) },
  },
  json: {
    operationId: 'playground-response-json',
    summary: 'JSON, indented if wanted',
    description: 'JSON as it is sent everywhere, or with `pretty` as people like to read it.',
    tags,
    querystring: PrettyQuery,
    response: { 200: Ref(PlaygroundExample) },
  },
  custom: {
    operationId: 'playground-response-custom',
    summary: '201 with headers of its own',
    description: 'Another status than 200, a header that no standard knows, and no caching.',
    tags,
    response: {
      201: {
        description: 'As if something had been created',
        headers: {
          'X-Custom-Header': {
            type: 'string',
            description: 'A header that no standard knows',
            examples: ['CustomValue'],
          },
        },
        content: { 'application/json': { schema: Ref(PlaygroundMessage) } },
      },
    },
  },
  empty: {
    operationId: 'playground-response-empty',
    summary: '204, no content',
    description: 'An answer without a body, and without a content type.',
    tags,
    response: { 204: Type.Null({ description: 'There is nothing to say' }) },
  },
  cookie: {
    operationId: 'playground-response-cookie',
    summary: 'A cookie',
    description:
      'Sets `session_token`, which is HttpOnly, Secure and SameSite=Lax, for one hour and for the ' +
      'playground only. `playground-cookies` shows whether the client has kept it.',
    tags,
    response: {
      200: plainText('The cookie is set', COOKIE_SET),
    },
  },
  redirect: {
    operationId: 'playground-response-redirect',
    summary: 'A redirect',
    description: '302 to the plain text. A client that follows redirects ends up with 200.',
    tags,
    response: {
      200: plainText('What a client that follows gets', TEXT),
      302: Type.Null({ description: 'The text is elsewhere' }),
    },
  },
  download: {
    operationId: 'playground-response-download',
    summary: 'A file to be saved',
    description: 'An attachment with a name: a browser saves it and does not show it.',
    tags,
    response: { 200: plainText('The content of the file', FILE) },
  },
  csv: {
    operationId: 'playground-response-csv',
    summary: 'A table as CSV',
    description: 'A header line and two rows (RFC 4180), as an attachment.',
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
    summary: 'An answer that takes a while',
    description: `Waits ${ASYNC_MS} ms, while the service goes on answering others.`,
    tags,
    response: { 200: Ref(PlaygroundMessage) },
  },
} as const;

/** Answers of each kind. */
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
