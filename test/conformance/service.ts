import cookie from '@fastify/cookie';
import Fastify, {
  type FastifyContextConfig,
  type FastifyInstance,
  type FastifySchema,
} from 'fastify';
import allowedMethods from '#plugins/allowed-methods.js';
import bodies from '#plugins/bodies.js';
import clientAddress from '#plugins/client-address.js';
import components from '#plugins/components.js';
import errorHandler, { sendError } from '#plugins/error-handler.js';
import localAccess from '#plugins/local-access.js';
import notFound from '#plugins/not-found.js';
import rateLimit from '#plugins/rate-limit.js';
import requestTracing from '#plugins/request-tracing.js';
import validation from '#plugins/validation.js';
import { repairUrl } from '#src/lib/repair-url.js';
import type { BodyMode, JsonSchema, ParameterPlace } from '#src/lib/validation/index.js';

export interface Parameter {
  in: ParameterPlace;
  name: string;
  required?: boolean;
  schema: JsonSchema;
}

/** One operation of a recorded service, to be built here from its schemas. */
export interface Operation {
  method: string;
  /** As OpenAPI writes it: `/items/{id}`. */
  path: string;
  parameters: readonly Parameter[];
  /** The places whose parameters are one model; true if it forbids what it does not know. */
  models: Partial<Record<ParameterPlace, boolean>>;
  body?: { contentType: string; mode: BodyMode; required: boolean; schema: JsonSchema };
  /** What the recorded handler answered, from all parameters and the body. */
  answer: (parameters: Record<string, unknown>, body: unknown) => unknown;
}

const ROUTER_OPTIONS = { ignoreTrailingSlash: true, maxParamLength: 8 * 1024 };

const GROUPS = {
  path: 'params',
  query: 'querystring',
  header: 'headers',
  cookie: 'cookies',
} as const;

/**
 * The operations that cannot be built here, with the reason: one schema that is beyond us must not
 * hide what becomes of the others.
 */
export async function findUnbuildable(
  operations: readonly Operation[],
  schemas: Readonly<Record<string, JsonSchema>>,
): Promise<Map<Operation, string>> {
  const unbuildable = new Map<Operation, string>();
  for (const operation of operations) {
    try {
      await (await buildConformanceService([operation], schemas)).close();
    } catch (error) {
      unbuildable.set(operation, String(error));
    }
  }
  return unbuildable;
}

/**
 * An app with the operations of the recordings, behind the validator, the parsers and the error
 * handler of the service itself. HEAD and OPTIONS, which the service adds to every path and
 * FastAPI does not, are left out.
 */
export async function buildConformanceService(
  operations: readonly Operation[],
  schemas: Readonly<Record<string, JsonSchema>>,
): Promise<FastifyInstance> {
  const app = Fastify({
    exposeHeadRoutes: false,
    frameworkErrors: sendError,
    routerOptions: ROUTER_OPTIONS,
    rewriteUrl: ({ url = '/' }) => repairUrl(url),
  });
  await app.register(requestTracing, { clock: () => new Date() });
  await app.register(errorHandler);
  await app.register(localAccess, { prefix: '/dev' });
  await app.register(allowedMethods, { router: ROUTER_OPTIONS });
  await app.register(clientAddress);
  await app.register(rateLimit, { perMinute: 1_000_000 });
  await app.register(notFound);
  await app.register(cookie);
  app.decorateRequest('viewer', null);
  await app.register(components);
  await app.register(bodies, { limit: 1_000_000 });
  await app.register(validation, { keywords: {} });
  for (const [name, schema] of Object.entries(schemas)) {
    if (app.getSchema(name) === undefined) app.addSchema({ ...schema, $id: name });
  }
  for (const operation of operations) addRoute(app, operation);
  await app.ready();
  return app;
}

function addRoute(app: FastifyInstance, operation: Operation): void {
  const { method, path, parameters, models, body, answer } = operation;
  const schema: Record<string, unknown> = {};
  for (const [place, key] of Object.entries(GROUPS) as [ParameterPlace, string][]) {
    const group = parameters.filter((parameter) => parameter.in === place);
    if (group.length > 0) {
      schema[key] = {
        type: 'object',
        properties: Object.fromEntries(group.map(({ name, schema }) => [name, schema])),
        required: group.filter(({ required }) => required === true).map(({ name }) => name),
        ...(models[place] === true && { additionalProperties: false }),
      };
    }
  }
  if (body !== undefined)
    schema['body'] = { content: { [body.contentType]: { schema: body.schema } } };
  const config: FastifyContextConfig = {
    parameterModels: Object.keys(models) as ParameterPlace[],
    ...(body && { bodyMode: body.mode, bodyOptional: !body.required }),
  };
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    schema: schema as FastifySchema,
    config,
    handler: async (request, reply) => {
      const values: Record<string, unknown> = {};
      for (const { in: place, name } of parameters) {
        const group = {
          path: request.params,
          query: request.query,
          header: request.headers,
          cookie: request.cookies,
        }[place];
        const key =
          place === 'header' && !(name in (group as object)) ? name.replaceAll('-', '_') : name;
        values[name] = (group as Record<string, unknown>)[key] ?? null;
      }
      reply.type('application/json');
      return JSON.stringify(answer(values, request.body) ?? null);
    },
  });
}
