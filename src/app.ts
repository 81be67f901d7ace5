import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import access from '../plugins/access.js';
import allowedMethods from '../plugins/allowed-methods.js';
import authentication from '../plugins/authentication.js';
import closing from '../plugins/closing.js';
import components from '../plugins/components.js';
import conditionalRequests from '../plugins/conditional-requests.js';
import cors from '../plugins/cors.js';
import csrf from '../plugins/csrf.js';
import errorHandler, { answerClientError, sendError } from '../plugins/error-handler.js';
import housekeeping from '../plugins/housekeeping.js';
import idempotency from '../plugins/idempotency.js';
import openapi from '../plugins/openapi.js';
import options from '../plugins/options.js';
import passwords from '../plugins/passwords.js';
import postgres from '../plugins/postgres.js';
import rateLimit from '../plugins/rate-limit.js';
import requestContext, { requestIdOf } from '../plugins/request-context.js';
import securityHeaders from '../plugins/security-headers.js';
import sessions from '../plugins/sessions.js';
import validation from '../plugins/validation.js';
import auth from '../routes/api/v1/auth.js';
import passwordRoutes from '../routes/api/v1/passwords.js';
import playground from '../routes/api/v1/playground/index.js';
import userExports from '../routes/api/v1/user-exports.js';
import users from '../routes/api/v1/users.js';
import docs from '../routes/docs.js';
import system from '../routes/system.js';
import { type Config, trustedProxies } from './config.js';

/** What an app is built from beside its configuration. */
export interface AppDependencies {
  /** Where the database is: `DATABASE_URL`, or the embedded one. */
  databaseUrl: string;
  /** Signs cookies. At least 32 characters. */
  secretKey: string;
  /** Sign and verify tokens: the first signs, all verify. At least 32 characters each. */
  tokenSecrets: readonly string[];
  /** The time; the computer's own if it is left out. */
  clock?: () => Date;
  /** Takes the log in place of standard output. */
  logger?: FastifyBaseLogger;
}

const SECOND = 1000;
const KIB = 1024;
const ROUTER_OPTIONS = { ignoreTrailingSlash: true, maxParamLength: 8 * KIB };

/**
 * The whole service, not listening yet. Production, tests and the command line build the same app.
 *
 * This is the one list of plugins and routes, in the order in which a request meets them.
 */
export async function buildApp(
  config: Config,
  dependencies: AppDependencies,
): Promise<FastifyInstance> {
  const production = config.APP_ENV === 'production';
  const { databaseUrl, secretKey, tokenSecrets, clock = () => new Date(), logger } = dependencies;

  const app = Fastify({
    ...(logger === undefined
      ? { logger: { level: config.LOG_LEVEL } }
      : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedProxies(config),
    bodyLimit: config.BODY_LIMIT,
    requestTimeout: config.REQUEST_TIMEOUT * SECOND,
    connectionTimeout: 0,
    keepAliveTimeout: 72 * SECOND,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: ROUTER_OPTIONS,
    frameworkErrors: sendError,
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  await app.register(requestContext, { clock });
  await app.register(closing);
  await app.register(securityHeaders, { production });
  await app.register(allowedMethods, { router: ROUTER_OPTIONS });
  await app.register(options, { hasCors: config.CORS_ORIGINS.length > 0 });
  await app.register(cors, { origins: config.CORS_ORIGINS });
  await app.register(rateLimit, { perMinute: config.RATE_LIMIT });
  await app.register(errorHandler);
  await app.register(postgres, {
    url: databaseUrl,
    min: config.DB_POOL_MIN,
    max: config.DB_POOL_MAX,
    maxLifetime: config.DB_POOL_MAX_LIFETIME,
    connectTimeout: config.DB_CONNECT_TIMEOUT * SECOND,
    statementTimeout: config.DB_STATEMENT_TIMEOUT * SECOND,
    namedStatements: config.DB_NAMED_STATEMENTS,
  });
  await app.register(sessions, { secret: secretKey });
  await app.register(authentication, { secrets: tokenSecrets });
  await app.register(passwords, {
    perAccount: config.LOGIN_ATTEMPTS,
    perAddress: config.LOGIN_ATTEMPTS_PER_ADDRESS,
  });
  await app.register(csrf, { secret: secretKey });
  await app.register(components);
  await app.register(validation);
  await app.register(access);
  await app.register(idempotency);
  await app.register(conditionalRequests);
  await app.register(openapi);
  await app.register(housekeeping);

  await app.register(system);
  await app.register(docs);
  await app.register(auth, {
    prefix: '/api/v1/auth',
    loginsPerMinute: config.LOGIN_RATE_LIMIT,
  });
  await app.register(passwordRoutes, { prefix: '/api/v1/auth' });
  await app.register(users, { prefix: '/api/v1/users' });
  await app.register(userExports, { prefix: '/api/v1/users' });
  if (config.PLAYGROUND ?? !production) {
    await app.register(playground, {
      prefix: '/api/v1',
      production,
      upstreamUrl: config.PLAYGROUND_UPSTREAM_URL,
    });
  }

  return app;
}
