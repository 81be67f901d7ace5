import type { FastifyContextConfig, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, InvalidRequest } from '#src/errors.js';
import { type BodyKind, readBody } from '#src/lib/request-body.js';
import {
  type BodyMode,
  compileBody,
  compileParameters,
  type Definitions,
  type ErrorItem,
  type JsonSchema,
  type Keywords,
  largestBody,
  type ParameterPlace,
  type ParsedBody,
  type RawParameters,
  type Validated,
} from '#src/lib/validation/index.js';

declare module 'fastify' {
  interface FastifySchema {
    /** The cookies that the operation reads. */
    cookies?: unknown;
  }
  interface FastifyContextConfig {
    /** How the body is made up, where it is not one value of its schema; see `BodyMode`. */
    bodyMode?: BodyMode;
    /** Whether a request without a body is valid too. */
    bodyOptional?: boolean;
    /** The parts of the request that are one model each, as FastAPI's parameter models. */
    parameterModels?: readonly ParameterPlace[];
  }
}

export interface ValidationOptions {
  /** Rules beyond JSON Schema, by the names of their keywords. */
  keywords: Keywords;
}

/** Checks one part of a request and puts the converted values in the place of the raw ones. */
type CheckPart = (request: FastifyRequest) => ErrorItem[];

/** What there is to do for the requests of one route. */
interface RouteValidation {
  bodyKind: BodyKind;
  checks: CheckPart[];
}

/**
 * What Fastify takes for a content type (RFC 9110, section 8.3). It would refuse all else with 415,
 * where FastAPI takes the body for plain text.
 */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/**
 * Validation as FastAPI has it: every error of a request at once, from path, query, headers,
 * cookies and body, in that order and in FastAPI's form; values are converted where FastAPI
 * converts them, and unknown fields of a body are dropped.
 *
 * Fastify's own validation stops at the first part that is not valid, so it is left empty here and
 * the whole request is checked in one hook before it.
 */
export default fp<ValidationOptions>(
  async (app, { keywords }) => {
    const routes: RouteOptions[] = [];
    const validations = new WeakMap<FastifySchema, RouteValidation>();

    app.setValidatorCompiler(() => () => true);
    app.addHook('onRoute', (route) => {
      routes.push(route);
      const limit = bodyLimitOf(route, app.getSchemas() as Definitions);
      const { bodyLimit = Number.POSITIVE_INFINITY } = app.initialConfig;
      if (limit < bodyLimit) route.bodyLimit ??= limit;
    });
    // Later plugins may still add to the schema of a route, so they are read when all have spoken.
    app.addHook('onReady', async () => {
      const definitions = app.getSchemas() as Definitions;
      for (const { schema, config = {} } of routes) {
        if (schema !== undefined) {
          validations.set(schema, compileRoute(schema, config, { definitions, keywords }));
        }
      }
    });

    // What a body is depends on the operation as much as on its content type: it stays bytes here.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      '*',
      { parseAs: 'buffer' },
      async (_request: unknown, body: Buffer) => body,
    );

    app.addHook('onRequest', async (request) => {
      const type = request.headers['content-type'];
      if (type !== undefined && !MEDIA_TYPE.test(type)) {
        request.headers = { 'content-type': 'application/octet-stream' };
      }
    });

    app.addHook('preValidation', async (request) => {
      const { schema } = request.routeOptions;
      const validation = schema === undefined ? undefined : validations.get(schema);
      if (validation === undefined) return;
      if (schema?.body !== undefined) request.body = await parseBody(validation.bodyKind, request);
      const errors = validation.checks.flatMap((check) => check(request));
      if (errors.length > 0) throw new InvalidRequest(errors);
    });
  },
  { name: 'validation', dependencies: ['components'] },
);

/** How many bytes of JSON there are reasons to read; a form may bring files, and those have no say. */
function bodyLimitOf({ schema, config }: RouteOptions, definitions: Definitions): number {
  const body = describeBody(schema?.body, config?.bodyMode);
  if (body === undefined || body.mode.startsWith('form')) return Number.POSITIVE_INFINITY;
  return largestBody(body.schema, definitions);
}

/** A body that cannot be read at all is refused before anything else is looked at, as FastAPI does. */
async function parseBody(kind: BodyKind, request: FastifyRequest): Promise<ParsedBody> {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const result = await readBody(kind, request.headers['content-type'], bytes);
  if ('error' in result) throw new InvalidRequest([result.error]);
  if ('unreadable' in result) throw new ApiError(result.unreadable);
  return result.body;
}

function compileRoute(
  schema: FastifySchema,
  { bodyMode, bodyOptional = false, parameterModels = [] }: FastifyContextConfig,
  shared: { definitions: Definitions; keywords: Keywords },
): RouteValidation {
  const { params, querystring, headers, cookies } = schema as Record<
    string,
    JsonSchema | undefined
  >;
  const checks: CheckPart[] = [];

  function addParameters(
    place: ParameterPlace,
    group: JsonSchema | undefined,
    read: (request: FastifyRequest) => unknown,
    assign: (request: FastifyRequest, value: Record<string, unknown>) => void,
  ): void {
    if (group === undefined) return;
    const model = parameterModels.includes(place);
    const validate = compileParameters(group, { ...shared, place, model });
    checks.push((request) =>
      settle(validate(read(request) as RawParameters), (value) => assign(request, value)),
    );
  }

  addParameters(
    'path',
    params,
    ({ params }) => params,
    (request, value) => {
      request.params = value;
    },
  );
  addParameters(
    'query',
    querystring,
    ({ query }) => query,
    (request, value) => {
      request.query = value;
    },
  );
  addParameters('header', headers, distinctHeaders, (request, value) => {
    const declared = Object.keys(headers?.properties ?? {}).map((name) => name.toLowerCase());
    request.headers = Object.fromEntries(declared.map((name) => [name, value[name] as string]));
  });
  addParameters(
    'cookie',
    cookies,
    ({ cookies }) => cookies,
    (request, value) => {
      request.cookies = value as FastifyRequest['cookies'];
    },
  );

  const body = describeBody(schema.body, bodyMode);
  if (body !== undefined) {
    const validate = compileBody({ ...body, ...shared, required: !bodyOptional });
    checks.push((request) =>
      settle(validate(request.body as ParsedBody), (value) => {
        request.body = value;
      }),
    );
  }
  return { checks, bodyKind: body?.mode.startsWith('form') === true ? 'form' : 'json' };
}

/** Every header with all its values: joined by commas, those of a list could not be told apart. */
function distinctHeaders({ raw }: FastifyRequest): RawParameters {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index < raw.rawHeaders.length; index += 2) {
    const name = String(raw.rawHeaders[index]).toLowerCase();
    const value = String(raw.rawHeaders[index + 1]);
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}

/** The schema of a body, be it given by itself or by content type, and how it is made up. */
function describeBody(
  body: unknown,
  mode: BodyMode | undefined,
): { schema: JsonSchema; mode: BodyMode } | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  if (!('content' in body)) return { schema: body, mode: mode ?? 'model' };
  const content = body.content as Record<string, { schema: JsonSchema }>;
  const [type, only] = Object.entries(content)[0] ?? [];
  if (type === undefined || only === undefined) return undefined;
  return { schema: only.schema, mode: mode ?? (FORM_TYPES.includes(type) ? 'form' : 'model') };
}

function settle<T>(result: Validated<T>, assign: (value: T) => void): ErrorItem[] {
  if ('errors' in result) return result.errors;
  assign(result.value);
  return [];
}
