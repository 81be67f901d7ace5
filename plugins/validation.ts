import type { FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError, InvalidRequest } from '../src/errors.js';
import { compileBody, type ParsedBody } from '../src/lib/validation/compile-body.js';
import { compileParameters } from '../src/lib/validation/compile-parameters.js';
import type { ErrorItem, Validated } from '../src/lib/validation/error-item.js';
import { parseJson } from '../src/lib/validation/parse-json.js';
import type { Definitions, JsonSchema } from '../src/lib/validation/schema.js';

/** Checks one part of a request and puts the converted values in the place of the raw ones. */
type CheckPart = (request: FastifyRequest) => ErrorItem[];

const JSON_TYPE = /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i;

/**
 * Validation as FastAPI has it: every error of a request at once, from path, query, headers and
 * body, in that order and in FastAPI's form; values are converted where FastAPI converts them, and
 * unknown fields of a body are dropped.
 *
 * Fastify's own validation stops at the first part that is not valid, so it is left empty here and
 * the whole request is checked in one hook before it.
 */
export default fp(
  async (app) => {
    const checks = new WeakMap<FastifySchema, CheckPart[]>();
    const routes: RouteOptions[] = [];

    app.setValidatorCompiler(() => () => true);
    app.addHook('onRoute', (route) => {
      routes.push(route);
    });
    // Later plugins may still add to the schema of a route, so they are read when all have spoken.
    app.addHook('onReady', async () => {
      const definitions = app.getSchemas() as Definitions;
      for (const { schema } of routes) {
        if (schema !== undefined) checks.set(schema, compileRequest(schema, definitions));
      }
    });

    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      JSON_TYPE,
      { parseAs: 'buffer' },
      async (_request: FastifyRequest, body: Buffer) => readJson(decode(body)),
    );
    app.addContentTypeParser(
      '*',
      { parseAs: 'buffer' },
      async (_request: FastifyRequest, body: Buffer) => {
        const text = decode(body);
        return text === '' ? EMPTY : ({ kind: 'raw', text } satisfies ParsedBody);
      },
    );

    app.addHook('preValidation', async (request) => {
      const { schema } = request.routeOptions;
      const parts = schema === undefined ? undefined : checks.get(schema);
      const errors = (parts ?? []).flatMap((check) => check(request));
      if (errors.length > 0) throw new InvalidRequest(errors);
    });
  },
  { name: 'validation', dependencies: ['components'] },
);

const EMPTY: ParsedBody = { kind: 'empty' };

function compileRequest(schema: FastifySchema, definitions: Definitions): CheckPart[] {
  const checks: CheckPart[] = [];
  const { params, querystring, headers, body } = schema as Record<string, JsonSchema | undefined>;
  if (params !== undefined) {
    const validate = compileParameters(params, { place: 'path', definitions });
    checks.push((request) =>
      settle(validate(request.params as Record<string, unknown>), (value) => {
        request.params = value;
      }),
    );
  }
  if (querystring !== undefined) {
    const validate = compileParameters(querystring, { place: 'query', definitions });
    checks.push((request) =>
      settle(validate(request.query as Record<string, unknown>), (value) => {
        request.query = value;
      }),
    );
  }
  if (headers !== undefined) {
    const validate = compileParameters(headers, { place: 'header', definitions });
    checks.push((request) =>
      settle(validate(request.headers), (value) => {
        request.headers = value as FastifyRequest['headers'];
      }),
    );
  }
  if (body !== undefined) {
    const validate = compileBody({ schema: body, definitions });
    checks.push((request) =>
      settle(validate((request.body as ParsedBody | undefined) ?? EMPTY), (value) => {
        request.body = value;
      }),
    );
  }
  return checks;
}

function settle<T>(result: Validated<T>, assign: (value: T) => void): ErrorItem[] {
  if ('errors' in result) return result.errors;
  assign(result.value);
  return [];
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    throw new ApiError('unparsable_body', { cause: error });
  }
}

function readJson(text: string): ParsedBody {
  if (text === '') return EMPTY;
  const result = parseJson(text);
  if ('error' in result) throw new InvalidRequest([result.error]);
  if ('unreadable' in result) throw new ApiError('unparsable_body');
  return { kind: 'json', value: result.value };
}
