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
import { REPLY_HEADERS } from './replies.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The error statuses of this operation, in addition to those derived from its schema and
     * config.
     */
    errors?: readonly (400 | 401 | 403 | 404 | 409 | 412 | 502 | 504)[];
    /** The headers of its successful responses, in addition to those derived from its schema. */
    sends?: readonly ResponseHeaderName[];
    /** The documented body of an operation that accepts any body and so has no schema for it. */
    documentedBody?: FastifySchema['body'];
  }
}

/** The descriptions of the error responses in the document. */
const ERROR_DESCRIPTIONS: Record<number, string> = {
  400: 'The path or body cannot be parsed, or the operation is impossible',
  401: 'Not authenticated, or invalid credentials',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict with the current state',
  412: 'The resource has changed since it was read',
  413: 'The request body is too large',
  422: 'Validation Error',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'The upstream gave no usable response',
  503: 'Temporarily unavailable',
  504: 'The upstream did not respond in time',
};

/** The address of the service in all examples; `/openapi.json` replaces it by the real one. */
export const EXAMPLE_HOST = '127.0.0.1:8000';

/** The documented name of the parameter `*`: the rest of a path, slashes included. */
const WILDCARD = 'subpath';

const UNSAFE_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Generates the OpenAPI 3.1 document from the schemas that validate and serialize. What follows
 * from the config of a route (access, errors, headers) is added here, so that no route repeats it.
 *
 * @see https://github.com/fastify/fastify-swagger
 */
export default fp(
  async (app) => {
    // Must run before the plugin's own hook, which records the route.
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
        servers: [
          {
            url: '/',
            description: 'The service that serves this document',
            // The address in the examples, for pages that know a better one.
            'x-origin': `http://${EXAMPLE_HOST}`,
          } as OpenAPIV3_1.ServerObject,
        ],
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

/** Adds the request headers that follow from the method of a route. */
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
 * The documented operation. Error schemas are added to the document only: the error handler sends
 * errors without the serializer, so compiling them for each route would be wasted.
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
function sentHeaders({ reply, sends = [] }: FastifyContextConfig = {}): ResponseHeaderName[] {
  return [...(reply === undefined ? [] : REPLY_HEADERS[reply]), ...sends];
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
  // Public operations too: a token or key may be invalid, or a key may lack the scope.
  if (access !== 'public' || scope !== undefined) statuses.add(401).add(403);
  if (takesCsrfToken(route)) statuses.add(403);
  if (takesIdempotencyKey(route)) statuses.add(409);
  const body = schema?.body ?? config?.documentedBody;
  if (body !== undefined) statuses.add(400);
  // A body is read even if the operation does not define one.
  if (body !== undefined || UNSAFE_METHODS.has(String(route.method))) statuses.add(413);
  const { params, querystring, headers, cookies } = schema ?? {};
  // A path can contain an invalid percent-encoding.
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
