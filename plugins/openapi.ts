import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import swagger from '@fastify/swagger';
import type { TSchema } from '@sinclair/typebox';
import type { FastifyContextConfig, FastifySchema, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import type { OpenAPIV3_1 } from 'openapi-types';
import { ApiErrorBody, HTTPValidationError } from '#schemas/errors.js';
import { csrfTokenHeader, idempotencyKeyHeader } from '#schemas/headers.js';
import { tags } from '#schemas/index.js';
import type { ResponseHeaderName } from '#schemas/response-headers.js';
import { Ref } from '#schemas/types.js';
import { documentHeaders, SENDS } from '#src/lib/document-headers.js';
import { projectRoot, projectVersion } from '#src/lib/project-root.js';
import { shareErrors } from '#src/lib/share-errors.js';
import { tidyDocument } from '#src/lib/tidy-document.js';
import { describeAccess, SECURITY_SCHEMES } from './openapi-security.js';
import { ANSWER_HEADERS } from './replies.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The error statuses of this operation beyond those that follow from its shape. */
    errors?: readonly (400 | 401 | 403 | 404 | 409 | 412 | 502 | 504)[];
    /** The headers of this operation's success beyond those that follow from its shape. */
    sends?: readonly ResponseHeaderName[];
    /** The body in the document, of an operation that takes any and so has no schema for it. */
    documentedBody?: FastifySchema['body'];
  }
}

/** What each error status means, in the words of the document. */
const ERROR_DESCRIPTIONS: Record<number, string> = {
  400: 'The path or the body cannot be read, or asks for what cannot be done',
  401: 'Not signed in, or wrong credentials',
  403: 'Signed in, but not allowed',
  404: 'There is no such resource',
  409: 'In conflict with what is there',
  412: 'The resource has been changed since it was read',
  413: 'The body is too large',
  422: 'Validation Error',
  429: 'Too many requests',
  500: 'A fault of the service',
  502: 'The upstream gave no usable answer',
  503: 'Temporarily unavailable',
  504: 'The upstream did not answer in time',
};

/** The name in the document of what `*` stands for: the rest of a path, slashes included. */
const WILDCARD = 'subpath';

const UNSAFE_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * The contract: an OpenAPI 3.1 document made from the very schemas that validate and serialize.
 * What follows from the shape of a route (who may call it, what can go wrong, which headers it
 * takes) is added here, so that no route repeats it.
 *
 * @see https://github.com/fastify/fastify-swagger
 */
export default fp(
  async (app) => {
    // Before the plugin's own hook, which records the route as this one leaves it.
    app.addHook('onRoute', addHeaders);

    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Althing',
          version: projectVersion,
          summary: "A team's back end in one service",
          description: readFileSync(join(projectRoot, 'openapi/guide.md'), 'utf8'),
          contact: { name: 'The Althing maintainers' },
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/', description: 'The service that serves this document' }],
        tags,
        components: {
          securitySchemes: SECURITY_SCHEMES,
        },
      },
      transform: ({ schema, url, route }) => ({
        schema: describeOperation(nameWildcard(schema), route),
        url: url.replace('*', `:${WILDCARD}`),
      }),
      transformObject: (document) =>
        'openapiObject' in document
          ? completeDocument(document.openapiObject as OpenAPIV3_1.Document)
          : document.swaggerObject,
      refResolver: {
        buildLocalReference: (schema, _base, _fragment, index) =>
          typeof schema['$id'] === 'string' ? schema['$id'] : `schema-${index}`,
      },
    });
  },
  { name: 'openapi', dependencies: ['idempotency', 'access'] },
);

function completeDocument(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  return tidyDocument(shareErrors(documentHeaders(document)));
}

/** The headers that a route takes because of its method, beside its own. */
function addHeaders(route: RouteOptions): void {
  const schema = route.schema;
  if (schema === undefined || schema.hide === true) return;
  const headers: Record<string, TSchema> = {
    ...(takesCsrfToken(route) ? { 'x-csrf-token': csrfTokenHeader } : {}),
    ...(takesIdempotencyKey(route) ? { 'idempotency-key': idempotencyKeyHeader } : {}),
    ...propertiesOf(schema.headers),
  };
  if (Object.keys(headers).length > 0) {
    route.schema = { ...schema, headers: { type: 'object', properties: headers } };
  }
}

/**
 * The operation as the document shows it. Errors are sent by the error handler and not through
 * the serializer, so their schemas stand in the document only and cost no compiled function.
 */
function describeOperation(schema: FastifySchema, route: RouteOptions): FastifySchema {
  if (schema.hide === true) return schema;
  const { documentedBody } = route.config ?? {};
  const sends = sentHeaders(route.config);
  return {
    ...schema,
    ...(documentedBody === undefined ? {} : { body: documentedBody }),
    ...(sends.length === 0 ? {} : { [SENDS]: sends }),
    ...describeAccess(schema, route.config),
    response: { ...(schema.response as object), ...errorResponses(errorStatuses(route)) },
  };
}

/** The headers of a success that follow from the method of the reply, and those of the route. */
function sentHeaders({ answers, sends = [] }: FastifyContextConfig = {}): ResponseHeaderName[] {
  return [...(answers === undefined ? [] : ANSWER_HEADERS[answers]), ...sends];
}

function nameWildcard(schema: FastifySchema): FastifySchema {
  const { '*': wildcard, ...others } = propertiesOf(schema?.params);
  if (wildcard === undefined) return schema;
  return {
    ...schema,
    params: { ...(schema.params as object), properties: { ...others, [WILDCARD]: wildcard } },
  };
}

function takesCsrfToken(route: RouteOptions): boolean {
  return UNSAFE_METHODS.has(String(route.method)) && route.config?.csrf !== false;
}

function takesIdempotencyKey(route: RouteOptions): boolean {
  return route.method === 'POST' && route.config?.idempotent !== false;
}

function errorStatuses(route: RouteOptions): number[] {
  const { schema, config } = route;
  const { access = 'public', scope } = config ?? {};
  const statuses = new Set<number>([...(config?.errors ?? []), 429, 500, 503]);
  // Also where anyone may call: a token or key that is none, or a key that is not for this.
  if (access !== 'public' || scope !== undefined) statuses.add(401).add(403);
  if (takesCsrfToken(route)) statuses.add(403);
  if (takesIdempotencyKey(route)) statuses.add(409);
  const body = schema?.body ?? config?.documentedBody;
  if (body !== undefined) statuses.add(400);
  // Whatever comes as a body is read, even where nobody asked for one.
  if (body !== undefined || UNSAFE_METHODS.has(String(route.method))) statuses.add(413);
  const { params, querystring, headers, cookies } = schema ?? {};
  // A path may hold a percent sign that begins no character.
  if (params !== undefined) statuses.add(400);
  const hasInput = [params, querystring, headers, cookies, body].some(Boolean);
  if (hasInput) statuses.add(422);
  return [...statuses].sort((a, b) => a - b);
}

function errorResponses(statuses: number[]): Record<number, TSchema> {
  return Object.fromEntries(
    statuses.map((status) => {
      const description = ERROR_DESCRIPTIONS[status] ?? '';
      const body = status === 422 ? HTTPValidationError : ApiErrorBody;
      return [status, Ref<TSchema & { $id: string }>(body, { description })];
    }),
  );
}

function propertiesOf(schema: unknown): Record<string, TSchema> {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return {};
  return schema.properties as Record<string, TSchema>;
}
