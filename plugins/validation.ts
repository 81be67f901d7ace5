import type { IncomingMessage } from 'node:http';
import type { FastifyContextConfig, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, InvalidRequest } from '#src/errors.js';
import { readCookies } from '#src/lib/read-cookies.js';
import { type BodyKind, readBody } from '#src/lib/request-body.js';
import type { SentPlace, SentValues } from '#src/lib/sent-values.js';
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
} from '#src/lib/validation/index.js';
import { describeBody } from './bodies.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Returns the values as they came; null unless the request is valid. */
    sentValues: (() => SentValues) | null;
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

/** Validates one part of a request, and replaces the raw values with the converted ones. */
type CheckPart = (request: FastifyRequest) => readonly ErrorItem[];

/** The validation of one route's requests. */
interface RouteValidation {
  takesBody: boolean;
  bodyKind: BodyKind;
  checks: readonly CheckPart[];
  /** Returns a function that returns the raw values, which the checks replace. */
  rememberSent: (request: FastifyRequest) => () => SentValues;
}

const NO_ERRORS: readonly ErrorItem[] = Object.freeze([]);

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

    // Without a promise, which every valid request would wait for.
    app.addHook('preValidation', (request, _reply, done) => {
      const { schema } = request.routeOptions;
      const validation = schema === undefined ? undefined : validations.get(schema);
      done(validation === undefined ? undefined : validateRequest(request, validation));
    });
  },
  { name: 'validation', dependencies: ['bodies'] },
);

/** Validates and converts all parts of a request. Returns an error instead of throwing it. */
function validateRequest(
  request: FastifyRequest,
  { takesBody, bodyKind, checks, rememberSent }: RouteValidation,
): Error | undefined {
  if (takesBody) {
    const fault = parseBody(bodyKind, request);
    if (fault !== undefined) return fault;
  }
  const sentValues = rememberSent(request);
  let errors: ErrorItem[] | undefined;
  for (const check of checks) {
    const own = check(request);
    if (own.length > 0) errors = errors === undefined ? [...own] : [...errors, ...own];
  }
  if (errors !== undefined) return new InvalidRequest(errors);
  request.sentValues = sentValues;
  return undefined;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Parses the body. An unreadable body is rejected before anything else is validated, as in FastAPI.
 */
function parseBody(kind: BodyKind, request: FastifyRequest): Error | undefined {
  const bytes = Buffer.isBuffer(request.body) ? request.body : NO_BYTES;
  const result = readBody(kind, request.headers['content-type'], bytes);
  if ('error' in result) return new InvalidRequest([result.error]);
  if ('unreadable' in result) return new ApiError(result.unreadable);
  request.body = result.body;
  return undefined;
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
    checks.push((request) => {
      const result = validate(read(request) as RawParameters);
      if ('errors' in result) return result.errors;
      assign(request, result.value);
      return NO_ERRORS;
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
  if (headers !== undefined) {
    checks.push(compileHeaders(headers, parameterModels.includes('header'), shared));
  }
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
    checks.push((request) => {
      const result = validate(request.body as ParsedBody);
      if ('errors' in result) return result.errors;
      request.body = result.value;
      return NO_ERRORS;
    });
  }
  const quote = body === undefined ? undefined : compileQuotation(body.schema, shared.definitions);
  return {
    takesBody: schema.body !== undefined,
    bodyKind: body?.mode.startsWith('form') === true ? 'form' : 'json',
    checks,
    rememberSent: ({ raw, params: path, query, body }) => {
      return () => ({
        ...(params && { path: asTheyCame(path) }),
        ...(querystring && { query: asTheyCame(query) }),
        ...(headers && { header: asTheyCame(distinctHeaders(raw)) }),
        ...(cookies && { cookie: asTheyCame(readCookies(raw.headers.cookie ?? '')) }),
        ...(quote && bodySent(contentOf(body as ParsedBody), quote)),
      });
    },
  };
}

const asTheyCame = (value: unknown): SentPlace => ({ value, quote: (part) => part });

function bodySent(
  value: unknown,
  quote: (root: unknown, part: unknown) => unknown,
): { body: SentPlace } {
  return { body: { value, quote: (part) => quote(value, part) } };
}

/** Reads and validates headers. Reads only what is declared, unless that may be wrong. */
function compileHeaders(
  schema: JsonSchema,
  model: boolean,
  shared: { definitions: Definitions; keywords: Keywords },
): CheckPart {
  const validate = compileParameters(schema, { ...shared, place: 'header', model });
  const properties = Object.entries(schema.properties ?? {});
  const declaredHeaders = properties.map(([name]) => name.toLowerCase());
  // Node keeps only the first or all of the values of a repeated header in one text.
  const isScalar = properties.every(([, { type }]) => SCALARS.has(type));
  const readsAll = model || !isScalar || schema.$ref !== undefined;

  return (request) => {
    const { raw } = request;
    const few = readsAll ? undefined : singleHeaders(raw, declaredHeaders);
    let result = validate(few ?? distinctHeaders(raw));
    // Errors hide secrets wherever a header has them.
    if (few !== undefined && 'errors' in result) result = validate(distinctHeaders(raw));
    if ('errors' in result) return result.errors;
    const { value } = result;
    // Fastify merges the assigned headers with all others at each access.
    if (declaredHeaders.some((name) => value[name] !== raw.headers[name])) {
      const own = declaredHeaders.map((name) => [name, value[name]] as const);
      request.headers = Object.fromEntries(own) as FastifyRequest['headers'];
    }
    return NO_ERRORS;
  };
}

const SCALARS: ReadonlySet<unknown> = new Set(['string', 'integer', 'number', 'boolean']);

/** Returns the headers of these names; undefined if one of them may have several values. */
function singleHeaders(
  { headers }: IncomingMessage,
  names: readonly string[],
): RawParameters | undefined {
  const found: Record<string, unknown> = Object.create(null);
  for (const name of names) {
    const value = headers[name];
    if (value === undefined) continue;
    // Node joins the values of most headers by commas, and those of cookies by semicolons.
    if (typeof value !== 'string' || value.includes(', ') || name === 'cookie') return undefined;
    found[name] = value;
  }
  return found;
}

/** Returns all values of every header. Joined by commas, the items of a list would be ambiguous. */
function distinctHeaders({ rawHeaders }: IncomingMessage): RawParameters {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = String(rawHeaders[index]).toLowerCase();
    const value = String(rawHeaders[index + 1]);
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}
