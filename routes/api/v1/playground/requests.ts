import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Negotiator from 'negotiator';
import {
  PlaygroundContext,
  PlaygroundCookies,
  PlaygroundHeaders,
  PlaygroundInspection,
  SessionIdCookie,
} from '#schemas/playground-requests.js';
import { Ref } from '#schemas/types.js';
import { REDACTED, redactText } from '#src/lib/redact.js';
import { parseUserAgent } from '#src/lib/user-agent.js';
import { MAX_BODY_BYTES } from './bodies.js';
import { addressOf, inspect, shownBody, shownPath } from './inspection.js';
import { plainText, TEXT_TYPE } from './plain-text.js';
import { tags } from './tags.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];

const operations = {
  context: {
    operationId: 'playground-context',
    summary: 'Get the request context',
    description:
      'Returns the context in which a handler runs: the application, the request and its id.',
    tags,
    response: { 200: Ref(PlaygroundContext) },
  },
  inspect: (method: Method) => ({
    operationId: `playground-inspect-${method.toLowerCase()}`,
    summary: `Inspect a ${method} request`,
    description:
      'Returns the method, URL, headers, query, form and JSON as parsed. Values that are ' +
      'named like a password, token or key are redacted everywhere.',
    tags,
    response: { 200: Ref(PlaygroundInspection) },
  }),
  echo: (method: Method) => ({
    operationId: `playground-echo-${method.toLowerCase()}`,
    summary: `Echo a ${method} request`,
    description:
      'Returns the request and its body as a few lines of plain text. Values that are named ' +
      'like a password, token or key are redacted; for a binary body, only the length is ' +
      'shown.',
    tags,
    response: { 200: plainText('The request as plain text', 'Method: GET\nPath: /…\n') },
  }),
  headers: {
    operationId: 'playground-headers',
    summary: 'Get client information',
    description:
      'Returns the browser, operating system and languages of the client, and whether an ' +
      '`Authorization` header was sent.',
    tags,
    response: { 200: Ref(PlaygroundHeaders) },
  },
  cookies: {
    operationId: 'playground-cookies',
    summary: 'List cookies',
    description:
      'Returns the names of all cookies. Their values are redacted, because they may be secret.',
    tags,
    cookies: SessionIdCookie,
    response: { 200: Ref(PlaygroundCookies) },
  },
} as const;

const anyJson = {
  description: 'Any JSON',
  examples: [{ action: 'test', user: 'alice' }],
};
const anyText = { type: 'string', description: 'Any text', examples: ['Hello, WSGI!'] };
const anyForm = {
  type: 'object',
  description: 'Any fields',
  additionalProperties: { type: 'string' },
  examples: [{ action: 'test', user: 'alice' }],
};

/** The methods with defined semantics for a request body (RFC 9110, section 9.3). */
const METHODS_WITH_BODY = new Set<Method>(['POST', 'PUT', 'PATCH']);

function anyBody(method: Method) {
  const content = {
    'application/json': { schema: anyJson },
    'application/x-www-form-urlencoded': { schema: anyForm },
    'text/plain': { schema: anyText },
  };
  return {
    bodyLimit: MAX_BODY_BYTES,
    config: {
      csrf: false,
      idempotent: false,
      ...(METHODS_WITH_BODY.has(method) ? { documentedBody: { content } } : {}),
    },
  };
}

/** Operations that return the request itself, with secrets redacted. */
const routes: FastifyPluginAsyncTypebox<{ production: boolean }> = async (app, { production }) => {
  app.get('/context', { schema: operations.context }, async (request) => ({
    app_context: { app_name: 'althing', config_app_name: 'Althing', debug_mode: !production },
    request_context: {
      method: request.method,
      url: addressOf(request, shownPath(request)),
      endpoint: operations.context.operationId,
      blueprint: operations.context.tags[0] ?? '',
      view_args: request.params as Record<string, string>,
    },
    g_data: { request_id: request.id, user_ip: request.address },
  }));

  for (const method of METHODS) {
    const url = '/inspect';
    app.route({
      method,
      url,
      schema: operations.inspect(method),
      ...anyBody(method),
      handler: inspect,
    });
  }

  for (const method of METHODS) {
    app.route({
      method,
      url: '/echo',
      schema: operations.echo(method),
      ...anyBody(method),
      handler: async (request, reply) => {
        const [path = '', query = ''] = shownPath(request).split(/\?(.*)/s);
        reply.type(TEXT_TYPE);
        return [
          `Method: ${request.method}`,
          `Path: ${path}`,
          `Query: ${query}`,
          `Content-Type: ${request.raw.headers['content-type'] ?? ''}`,
          `Body: ${shownBody(request)}`,
          `Server: ${request.givenHost}`,
          '',
        ].join('\n');
      },
    });
  }

  app.get('/headers', { schema: operations.headers }, async ({ headers }) => {
    const userAgent = headers['user-agent'];
    const { browser, platform } = parseUserAgent(userAgent ?? '');
    const languages = new Negotiator({ headers: headers as Record<string, string> }).languages();
    return {
      user_agent: userAgent === undefined ? null : redactText(userAgent),
      user_agent_browser: browser,
      user_agent_platform: platform,
      accept_languages: headers['accept-language'] === undefined ? [] : languages,
      authorization: headers.authorization === undefined ? null : REDACTED,
    };
  });

  app.get('/cookies', { schema: operations.cookies }, async ({ headers }) => {
    const names = Object.keys(app.parseCookie(headers.cookie ?? ''));
    return {
      all_cookies: Object.fromEntries(names.map((name) => [name, REDACTED])),
      session_id: names.includes('session_id') ? REDACTED : null,
    };
  });
};

export default routes;
