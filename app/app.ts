import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import access from '#plugins/access.js';
import allowedMethods from '#plugins/allowed-methods.js';
import authentication from '#plugins/authentication.js';
import batchedWrites from '#plugins/batched-writes.js';
import bodies, { SMALL_BODY } from '#plugins/bodies.js';
import clientAddress from '#plugins/client-address.js';
import components from '#plugins/components.js';
import conditionalRequests from '#plugins/conditional-requests.js';
import connections, { answerClientError } from '#plugins/connections.js';
import context from '#plugins/context.js';
import cookies from '#plugins/cookies.js';
import cors from '#plugins/cors.js';
import csrf from '#plugins/csrf.js';
import errorHandler from '#plugins/error-handler.js';
import forwardedHeaders from '#plugins/forwarded-headers.js';
import gracefulShutdown from '#plugins/graceful-shutdown.js';
import host from '#plugins/host.js';
import idempotency from '#plugins/idempotency.js';
import inFlight from '#plugins/in-flight.js';
import jobsWorker from '#plugins/jobs.js';
import live from '#plugins/live.js';
import localAccess from '#plugins/local-access.js';
import mail from '#plugins/mail.js';
import malformedUrls, { routeMalformedUrl } from '#plugins/malformed-urls.js';
import notFound from '#plugins/not-found.js';
import openapi from '#plugins/openapi.js';
import options from '#plugins/options.js';
import passwords from '#plugins/passwords.js';
import postgres from '#plugins/postgres.js';
import prettyJson from '#plugins/pretty-json.js';
import rateLimit from '#plugins/rate-limit.js';
import recentCredentials from '#plugins/recent-credentials.js';
import replies from '#plugins/replies.js';
import requestLog from '#plugins/request-log.js';
import requestTracing, { requestIdOf } from '#plugins/request-tracing.js';
import searches from '#plugins/searches.js';
import securityHeaders from '#plugins/security-headers.js';
import serialization from '#plugins/serialization.js';
import sessions from '#plugins/sessions.js';
import sharedReads from '#plugins/shared-reads.js';
import unitOfWork from '#plugins/unit-of-work.js';
import unreadResponses from '#plugins/unread-responses.js';
import validation from '#plugins/validation.js';
import websocket from '#plugins/websocket.js';
import writeBehind from '#plugins/write-behind.js';
import admin from '#routes/api/v1/admin.js';
import apiKeys from '#routes/api/v1/api-keys.js';
import audit from '#routes/api/v1/audit.js';
import auth from '#routes/api/v1/auth.js';
import boards from '#routes/api/v1/boards.js';
import calendarTokens from '#routes/api/v1/calendar-tokens.js';
import calendars from '#routes/api/v1/calendars.js';
import categories from '#routes/api/v1/categories.js';
import checklists from '#routes/api/v1/checklists.js';
import comments from '#routes/api/v1/comments.js';
import emails from '#routes/api/v1/emails.js';
import jobs from '#routes/api/v1/jobs.js';
import liveRoutes from '#routes/api/v1/live/index.js';
import me from '#routes/api/v1/me.js';
import meSessions from '#routes/api/v1/me-sessions.js';
import mutes from '#routes/api/v1/mutes.js';
import myProjectInvitations from '#routes/api/v1/my-project-invitations.js';
import myTasks from '#routes/api/v1/my-tasks.js';
import notificationSettings from '#routes/api/v1/notification-settings.js';
import notifications from '#routes/api/v1/notifications.js';
import passwordRoutes from '#routes/api/v1/passwords.js';
import playground, { type PlaygroundOptions } from '#routes/api/v1/playground/index.js';
import postComments from '#routes/api/v1/post-comments.js';
import postStatistics from '#routes/api/v1/post-statistics.js';
import posts from '#routes/api/v1/posts.js';
import projectInvitations from '#routes/api/v1/project-invitations.js';
import projectLabels from '#routes/api/v1/project-labels.js';
import projectMembers from '#routes/api/v1/project-members.js';
import projectTasks from '#routes/api/v1/project-tasks.js';
import projects from '#routes/api/v1/projects.js';
import registrations from '#routes/api/v1/registrations.js';
import roles from '#routes/api/v1/roles.js';
import search from '#routes/api/v1/search.js';
import tags from '#routes/api/v1/tags.js';
import taskComments from '#routes/api/v1/task-comments.js';
import taskRelations from '#routes/api/v1/task-relations.js';
import taskSearch from '#routes/api/v1/task-search.js';
import taskWatchers from '#routes/api/v1/task-watchers.js';
import tasks from '#routes/api/v1/tasks.js';
import tokens from '#routes/api/v1/tokens.js';
import trash from '#routes/api/v1/trash.js';
import userExports, { type UserExportsOptions } from '#routes/api/v1/user-exports.js';
import users from '#routes/api/v1/users.js';
import version2 from '#routes/api/v2/index.js';
import devMail from '#routes/dev/mail.js';
import docs from '#routes/docs.js';
import feed from '#routes/feed.js';
import system from '#routes/system.js';
import { PostViews } from '#src/articles/services/post-views.js';
import { PASSWORD_COST, type PasswordCost } from '#src/lib/password-cost.js';
import { repairUrl } from '#src/lib/repair-url.js';
import type { Mailer } from '#src/mail/mailer.js';
import { passwordKeywords } from '#src/people/lib/new-password-keyword.js';
import { trustedProxies, trustsProxy } from './config.js';
import type { Config } from './config-schema.js';
import { eventPolicies } from './event-policies.js';
import { LeanResponse } from './lean-response.js';
import { loggingOf } from './logger.js';
import { tasks as jobTasks, timetable } from './tasks.js';
import { trashBins } from './trash-bins.js';

/** Dependencies of an app, in addition to its configuration. */
export interface AppDependencies {
  /** URL of the database: `DATABASE_URL`, or that of the embedded one. */
  databaseUrl: string;
  /** URL of the same database without a pooler, if `databaseUrl` is that of one. */
  directUrl?: string;
  /** Signs cookies. At least 32 characters. */
  secretKey: string;
  /** Secrets for tokens: the first signs, all verify. At least 32 characters each. */
  tokenSecrets: readonly string[];
  /** Returns the current time; default: the system clock. */
  clock?: () => Date;
  /** The cost of hashing passwords; that of production if it is left out. */
  passwordCost?: PasswordCost;
  /**
   * Maximum milliseconds that a search waits for others, and that a statement of it takes; that of
   * production if it is left out.
   */
  searchTimeout?: number;
  /** Milliseconds for which a credential is kept; that of production if it is left out. */
  credentialLifetime?: number;
  /** Overrides the configured mailer. */
  mailer?: Mailer;
  /** Overrides the limits of user exports. */
  exportLimits?: UserExportsOptions['limits'];
  /** Overrides the limits of WebSockets. */
  socketLimits?: PlaygroundOptions['socketLimits'];
  /** Replaces the default logger, which writes to standard output. */
  logger?: FastifyBaseLogger;
}

const SECOND = 1000;

/** Milliseconds without a byte in either direction, apart from the time of statements. */
const SILENCE = 60 * SECOND;

const DAY = 24 * 3600 * SECOND;
const KIB = 1024;
const ROUTER_OPTIONS = { ignoreTrailingSlash: true, maxParamLength: 8 * KIB };

/**
 * Builds the whole service, without listening. Production, tests and the command line build the
 * same app.
 *
 * This is the only list of plugins and routes, in the order in which a request passes them.
 */
export async function buildApp(
  config: Config,
  dependencies: AppDependencies,
): Promise<FastifyInstance> {
  const production = config.APP_ENV === 'production';
  const {
    databaseUrl,
    directUrl = databaseUrl,
    secretKey,
    tokenSecrets,
    mailer,
    logger,
  } = dependencies;
  const { clock = () => new Date(), passwordCost = PASSWORD_COST } = dependencies;

  const logging = loggingOf(config);
  const app = Fastify({
    ...(logger === undefined ? { logger: logging.options } : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedProxies(config),
    bodyLimit: SMALL_BODY,
    requestTimeout: config.REQUEST_TIMEOUT * SECOND,
    // Ends a client that does not read its answer. No answer may take as long to begin.
    connectionTimeout: SILENCE + 2 * config.DB_STATEMENT_TIMEOUT * SECOND,
    http: {
      ServerResponse: LeanResponse,
      // Node would answer without a body; the plugin `host` does instead.
      requireHostHeader: false,
      headersTimeout: Math.min(10, config.REQUEST_TIMEOUT) * SECOND,
      connectionsCheckingInterval: 2 * SECOND,
    },
    keepAliveTimeout: 72 * SECOND,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: ROUTER_OPTIONS,
    rewriteUrl: ({ url = '/' }) => repairUrl(url),
    frameworkErrors: routeMalformedUrl,
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  // Called last: the other plugins may log while they close.
  app.addHook('onClose', logging.close);
  await app.register(requestLog);
  await app.register(requestTracing, { clock, hasAddresses: config.LOG_ADDRESSES });
  await app.register(errorHandler);
  await app.register(connections, {
    max: config.MAX_CONNECTIONS,
    maxPerNetwork: trustsProxy(config) ? Number.POSITIVE_INFINITY : config.MAX_CONNECTIONS / 4,
  });
  await app.register(batchedWrites);
  await app.register(gracefulShutdown);
  await app.register(forwardedHeaders, { trustsProxy: trustsProxy(config) });
  await app.register(securityHeaders, { production });
  await app.register(localAccess, { prefix: '/dev' });
  await app.register(clientAddress);
  await app.register(allowedMethods, { router: ROUTER_OPTIONS });
  await app.register(cors, { origins: config.CORS_ORIGINS });
  await app.register(rateLimit, { perMinute: config.RATE_LIMIT });
  await app.register(malformedUrls);
  await app.register(host);
  await app.register(options);
  await app.register(notFound);
  const database = {
    url: databaseUrl,
    maxLifetime: config.DB_POOL_MAX_LIFETIME,
    connectTimeout: config.DB_CONNECT_TIMEOUT * SECOND,
    statementTimeout: config.DB_STATEMENT_TIMEOUT * SECOND,
    namedStatements: config.DB_NAMED_STATEMENTS,
    isLogged: config.APP_ENV === 'development',
  };
  await app.register(postgres, {
    ...database,
    min: config.DB_POOL_MIN,
    max: config.DB_POOL_MAX,
  });
  await app.register(mail, {
    url: config.SMTP_URL,
    from: config.MAIL_FROM,
    production,
    mailer,
  });
  await app.register(jobsWorker, {
    ...database,
    url: directUrl,
    tasks: jobTasks,
    timetable,
    clientUrl: config.CLIENT_URL,
    auditRetentionDays: config.AUDIT_RETENTION_DAYS,
    eventRetentionDays: config.EVENT_RETENTION_DAYS,
    grace: config.SHUTDOWN_TIMEOUT * SECOND,
  });
  await app.register(passwords, {
    perAccount: config.LOGIN_ATTEMPTS,
    perAddress: config.LOGIN_ATTEMPTS_PER_ADDRESS,
    cost: passwordCost,
  });
  await app.register(cookies, { production, secret: secretKey });
  await app.register(recentCredentials, {
    directUrl,
    connectTimeout: database.connectTimeout,
    lifetime: dependencies.credentialLifetime,
  });
  await app.register(sessions, {
    secret: secretKey,
    limits: { cookie: config.SESSION_MAX_DAYS * DAY, token: config.REFRESH_MAX_DAYS * DAY },
    protection: config.SESSION_PROTECTION,
  });
  await app.register(authentication, { secrets: tokenSecrets });
  await app.register(csrf, { secret: secretKey });
  await app.register(components);
  await app.register(live, {
    directUrl,
    connectTimeout: database.connectTimeout,
    policies: eventPolicies,
  });
  await app.register(inFlight, {
    poolSize: config.DB_POOL_MAX,
    maxConnections: config.MAX_CONNECTIONS,
  });
  await app.register(access);
  await app.register(bodies, { limit: config.BODY_LIMIT });
  await app.register(validation, { keywords: passwordKeywords });
  await app.register(serialization);
  if (config.APP_ENV === 'development') await app.register(prettyJson);
  await app.register(unitOfWork);
  await app.register(idempotency, { secret: secretKey });
  await app.register(conditionalRequests);
  await app.register(sharedReads, {
    directUrl,
    connectTimeout: database.connectTimeout,
    redisUrl: config.REDIS_URL,
  });
  await app.register(unreadResponses);
  await app.register(searches, {
    poolSize: config.DB_POOL_MAX,
    statementTimeout: database.statementTimeout,
    timeout: dependencies.searchTimeout,
  });
  await app.register(replies);
  await app.register(context);
  await app.register(writeBehind);
  await app.register(websocket);
  await app.register(openapi);

  await app.register(system, { hasDocs: config.DOCS });
  if (config.DOCS) await app.register(docs);
  await app.register(feed, { clientUrl: config.CLIENT_URL });
  // Operations that check passwords or send mail have a lower limit per IP address.
  const perMinute = config.LOGIN_RATE_LIMIT;
  // Each change adds an entry to the audit log, so operations that change something have one too.
  const changesPerMinute = config.ARTICLE_RATE_LIMIT;
  await app.register(auth, { prefix: '/api/v1/auth', perMinute });
  await app.register(passwordRoutes, { prefix: '/api/v1/auth', perMinute });
  await app.register(registrations, {
    prefix: '/api/v1/auth',
    perMinute,
    maxUsers: config.REGISTRATION ? config.REGISTRATION_MAX_USERS : 0,
  });
  await app.register(emails, { prefix: '/api/v1', perMinute });
  await app.register(tokens, { prefix: '/api/v1/auth', perMinute });
  await app.register(me, { prefix: '/api/v1/me', perMinute, changesPerMinute });
  await app.register(meSessions, {
    prefix: '/api/v1/me/sessions',
    perMinute: changesPerMinute,
  });
  await app.register(apiKeys, { prefix: '/api/v1/me/api-keys', perMinute });
  const isPublic = config.PUBLIC_USERS;
  await app.register(users, {
    prefix: '/api/v1/users',
    isPublic,
    perMinute: changesPerMinute,
    invitationsPerMinute: perMinute,
    clientUrl: config.CLIENT_URL,
  });
  await app.register(userExports, {
    prefix: '/api/v1/users',
    isPublic,
    limits: dependencies.exportLimits,
  });
  const views = new PostViews({ db: app.db, clock, log: app.log, secret: secretKey });
  app.writeBehind(views);
  await app.register(posts, { prefix: '/api/v1/posts', views, perMinute: changesPerMinute });
  await app.register(postStatistics, { prefix: '/api/v1/posts' });
  await app.register(trash, {
    prefix: '/api/v1/trash',
    bins: trashBins,
    perMinute: changesPerMinute,
  });
  await app.register(categories, { prefix: '/api/v1/categories', perMinute: changesPerMinute });
  await app.register(tags, { prefix: '/api/v1/tags', perMinute: changesPerMinute });
  await app.register(postComments, {
    prefix: '/api/v1/posts',
    perMinute: config.COMMENT_RATE_LIMIT,
    commentsPrefix: '/api/v1/comments',
  });
  await app.register(comments, { prefix: '/api/v1/comments', perMinute: changesPerMinute });
  await app.register(projects, { prefix: '/api/v1/projects', perMinute: changesPerMinute });
  await app.register(boards, { prefix: '/api/v1/projects' });
  await app.register(projectTasks, {
    prefix: '/api/v1/projects/:id/tasks',
    perMinute: changesPerMinute,
  });
  await app.register(checklists, {
    prefix: '/api/v1/projects/:id/tasks/:task_id/checklist',
    perMinute: changesPerMinute,
  });
  await app.register(taskComments, {
    prefix: '/api/v1/projects/:id/tasks/:task_id/comments',
    perMinute: changesPerMinute,
  });
  await app.register(taskWatchers, {
    prefix: '/api/v1/projects/:id/tasks/:task_id',
    perMinute: changesPerMinute,
  });
  await app.register(taskRelations, {
    prefix: '/api/v1/projects/:id/tasks/:task_id/relations',
    perMinute: changesPerMinute,
  });
  await app.register(projectLabels, {
    prefix: '/api/v1/projects/:id/labels',
    perMinute: changesPerMinute,
  });
  await app.register(projectMembers, {
    prefix: '/api/v1/projects/:id/members',
    perMinute: changesPerMinute,
  });
  await app.register(projectInvitations, {
    prefix: '/api/v1/projects/:id/invitations',
    perMinute: changesPerMinute,
    invitationsPerMinute: perMinute,
  });
  await app.register(myTasks, { prefix: '/api/v1/me/tasks' });
  await app.register(calendars, { prefix: '/api/v1', clientUrl: config.CLIENT_URL });
  await app.register(calendarTokens, {
    prefix: '/api/v1/me/calendar-token',
    perMinute: changesPerMinute,
  });
  await app.register(myProjectInvitations, {
    prefix: '/api/v1/me/project-invitations',
    perMinute: changesPerMinute,
  });
  await app.register(notifications, {
    prefix: '/api/v1/notifications',
    perMinute: changesPerMinute,
  });
  await app.register(notificationSettings, {
    prefix: '/api/v1/me/notification-settings',
    perMinute: changesPerMinute,
  });
  await app.register(mutes, { prefix: '/api/v1/projects', perMinute: changesPerMinute });
  await app.register(tasks, { prefix: '/api/v1/tasks', perMinute: changesPerMinute });
  await app.register(liveRoutes, {
    prefix: '/api/v1',
    origins: config.CORS_ORIGINS,
    limits: dependencies.socketLimits,
  });
  await app.register(roles, { prefix: '/api/v1/roles' });
  await app.register(search, { prefix: '/api/v1/search' });
  await app.register(taskSearch, { prefix: '/api/v1/search/tasks' });
  await app.register(audit, { prefix: '/api/v1/audit' });
  await app.register(jobs, { prefix: '/api/v1/jobs' });
  await app.register(admin, { prefix: '/api/v1/admin' });
  await app.register(version2, { prefix: '/api/v2', isPublic, views });
  if (config.APP_ENV === 'development') await app.register(devMail, { prefix: '/dev' });
  if (config.PLAYGROUND ?? !production) {
    await app.register(playground, {
      prefix: '/api/v1',
      production,
      upstreamUrl: config.PLAYGROUND_UPSTREAM_URL,
      socketLimits: dependencies.socketLimits,
    });
  }

  return app;
}
