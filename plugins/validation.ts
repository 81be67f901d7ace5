import type { FastifyContextConfig, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, InvalidRequest } from '#src/errors.js';
import { readCookies } from '#src/lib/read-cookies.js';
import { type BodyKind, readBody } from '#src/lib/request-body.js';
import type { SentValues } from '#src/lib/sent-values.js';
import {
  type BodyMode,
  compileBody,
  compileParameters,
  compileQuotation,
  contentOf,
  type Definitions,
  type ErrorItem,
  type JsonSchema,
  type Keywords,
  type ParameterPlace,
  type ParsedBody,
  type RawParameters,
  type Validated,
} from '#src/lib/validation/index.js';
import { describeBody } from './bodies.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The values as they came; null unless the request is valid. */
    sentValues: SentValues | null;
  }
  interface FastifySchema {
    /** Cookies that the operation reads. */
    cookies?: unknown;
  }
  interface FastifyContextConfig {
    /** How the body is composed, unless it is a single value of its schema; see `BodyMode`. */
    bodyMode?: BodyMode;
    /** Whether a request without a body is valid. */
    bodyOptional?: boolean;
    /** Parts of the request that are validated as one model, like FastAPI's parameter models. */
    parameterModels?: readonly ParameterPlace[];
  }
}

export interface ValidationOptions {
  /** Custom validation rules by keyword. */
  keywords: Keywords;
}

/**
 * Validates one part of a request, replaces the raw values with the converted ones, and remembers
 * the raw ones.
 */
type CheckPart = (request: FastifyRequest, sent: SentValues) => ErrorItem[];

/** The validation of one route's requests. */
interface RouteValidation {
  bodyKind: BodyKind;
  checks: CheckPart[];
}

/**
 * Validates requests like FastAPI: reports all errors at once, from path, query, headers, cookies
 * and body, in that order and in FastAPI's format; converts values where FastAPI does, and drops
 * unknown fields of a body.
 *
 * Fastify's own validation stops at the first invalid part, so it is disabled, and one hook before
 * it validates the whole request.
 */
export default fp<ValidationOptions>(
  async (app, { keywords }) => {
    const routes: RouteOptions[] = [];
    const validations = new WeakMap<FastifySchema, RouteValidation>();

    app.decorateRequest('sentValues', null);
    app.setValidatorCompiler(() => () => true);
    app.addHook('onRoute', (route) => {
      routes.push(route);
    });
    // Compiled last, because later plugins may extend the schema of a route.
    app.addHook('onReady', async () => {
      const definitions = app.getSchemas() as Definitions;
      for (const { schema, config = {} } of routes) {
        if (schema !== undefined) {
          validations.set(schema, compileRoute(schema, config, { definitions, keywords }));
        }
      }
    });

    app.addHook('preValidation', async (request) => {
      const { schema } = request.routeOptions;
      const validation = schema === undefined ? undefined : validations.get(schema);
      if (validation === undefined) return;
      if (schema?.body !== undefined) request.body = parseBody(validation.bodyKind, request);
      const sent: SentValues = {};
      const errors = validation.checks.flatMap((check) => check(request, sent));
      if (errors.length > 0) throw new InvalidRequest(errors);
      request.sentValues = sent;
    });
  },
  { name: 'validation', dependencies: ['bodies'] },
);

/**
 * Parses the body. An unreadable body is rejected before anything else is validated, as in FastAPI.
 */
function parseBody(kind: BodyKind, request: FastifyRequest): ParsedBody {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const result = readBody(kind, request.headers['content-type'], bytes);
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
    checks.push((request, sent) => {
      const value = read(request) as RawParameters;
      sent[place] = { value, quote: (part) => part };
      return assignValid(validate(value), (converted) => assign(request, converted));
    });
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
    // Not those of the cookie plugin, which reads some values otherwise than FastAPI.
    ({ raw }) => readCookies(raw.headers.cookie ?? ''),
    (request, value) => {
      request.cookies = value as FastifyRequest['cookies'];
    },
  );

  const body = describeBody(schema.body, bodyMode);
  if (body !== undefined) {
    const validate = compileBody({ ...body, ...shared, required: !bodyOptional });
    const quote = compileQuotation(body.schema, shared.definitions);
    checks.push((request, sent) => {
      const parsed = request.body as ParsedBody;
      const value = contentOf(parsed);
      sent['body'] = { value, quote: (part) => quote(value, part) };
      return assignValid(validate(parsed), (converted) => {
        request.body = converted;
      });
    });
  }
  return { checks, bodyKind: body?.mode.startsWith('form') === true ? 'form' : 'json' };
}

/** Returns all values of every header. Joined by commas, the items of a list would be ambiguous. */
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

function assignValid<T>(result: Validated<T>, assign: (value: T) => void): ErrorItem[] {
  if ('errors' in result) return result.errors;
  assign(result.value);
  return [];
}
