import { type Static, Type } from '@sinclair/typebox';
import { Default, Enum } from '#schemas/types.js';

/** All environment variables that the service reads, with their descriptions and defaults. */
export const ConfigSchema = Type.Object({
  APP_ENV: Default(
    Enum(['development', 'testing', 'production'], {
      description:
        'Environment. `production` requires real secrets, sends HSTS and never loads demo data; ' +
        '`NODE_ENV=production` has the same effect.',
    }),
    'development',
  ),
  HOST: Default(
    Type.String({
      minLength: 1,
      description:
        'Address to listen on; `0.0.0.0` accepts connections from other machines, which requires ' +
        '`APP_ENV=production` or `ALLOW_NETWORK_DEVELOPMENT=true`',
    }),
    '127.0.0.1',
  ),
  ALLOW_NETWORK_DEVELOPMENT: Default(
    Type.Boolean({
      description:
        'Allow other machines to reach a service that is not in production. Its demo accounts, ' +
        'generated secrets and looser defaults are not safe on a network that you do not trust.',
    }),
    false,
  ),
  PORT: Default(
    Type.Integer({
      minimum: 0,
      maximum: 65535,
      description: 'Port to listen on; `0` picks a free one',
    }),
    8000,
  ),
  LOG_LEVEL: Default(
    Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      description: 'Minimum level of the log lines to write',
    }),
    'info',
  ),
  LOG_ADDRESSES: Default(
    Type.Boolean({
      description:
        'Log the IP address of each request. Addresses are personal data: check the rules that ' +
        'apply to you, and how long you keep your logs.',
    }),
    false,
  ),
  ERROR_LOG: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File for log lines of the levels `error` and `fatal`, with stacks, in addition to ' +
        'standard output, in an existing folder; one file per process. It is rotated at 10 MB, and five older files are ' +
        'kept.',
    }),
  ),
  DATABASE_URL: Type.Optional(
    Type.String({
      description:
        'PostgreSQL server, as `postgresql://user:password@host:5432/database` with special ' +
        'characters of the password percent-encoded (`@` as `%40`). Without it, the service runs ' +
        'an embedded PostgreSQL under `DATA_DIR`. Behind a pooler in transaction mode, also set ' +
        '`DATABASE_DIRECT_URL`.',
    }),
  ),
  DATABASE_DIRECT_URL: Type.Optional(
    Type.String({
      description:
        'The database of `DATABASE_URL` without the pooler, for migrations, commands, jobs, and ' +
        'the connections that listen for changes. Without it, a pooler in transaction mode drops ' +
        'change notifications: public responses are not cached, and live updates come later. ' +
        'PgBouncer needs `ignore_startup_parameters = statement_timeout, ' +
        'idle_in_transaction_session_timeout`, so set both timeouts for the role in PostgreSQL.',
    }),
  ),
  DATA_DIR: Default(
    Type.String({
      minLength: 1,
      description: 'Directory of the embedded database and the generated development secrets',
    }),
    'data',
  ),
  DEMO_DATA: Default(
    Type.Boolean({
      description: 'Load demo data if the database has no users; ignored in production',
    }),
    true,
  ),
  PLAYGROUND: Type.Optional(
    Type.Boolean({
      description:
        'Serve `/api/v1/playground`, where client authors can try out how this API behaves; on ' +
        'by default except in production',
    }),
  ),
  PLAYGROUND_UPSTREAM_URL: Type.Optional(
    Type.String({
      description: 'http or https URL whose JSON `GET /api/v1/playground/upstream` returns',
    }),
  ),
  DOCS: Default(
    Type.Boolean({
      description: 'Serve the documentation at `/docs` and `/redoc`, and `/openapi.json`',
    }),
    true,
  ),
  DB_POOL_MIN: Default(
    Type.Integer({
      minimum: 0,
      maximum: 30,
      description: 'Minimum number of pooled database connections',
    }),
    2,
  ),
  DB_POOL_MAX: Default(
    Type.Integer({
      minimum: 1,
      maximum: 30,
      description: 'Maximum number of pooled database connections',
    }),
    10,
  ),
  DB_POOL_MAX_LIFETIME: Default(
    Type.Integer({
      minimum: 1,
      description: 'Seconds after which a database connection is replaced',
    }),
    3600,
  ),
  DB_CONNECT_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 60,
      description: 'Seconds to wait for a database connection before responding with 503',
    }),
    5,
  ),
  DB_STATEMENT_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 600,
      description: 'Maximum duration of an SQL statement in seconds',
    }),
    30,
  ),
  DB_NAMED_STATEMENTS: Default(
    Type.Boolean({
      description: 'Use prepared statements; turn off behind PgBouncer older than 1.21',
    }),
    true,
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      description:
        'Redis server, as `redis://:password@host:6379/0` (`rediss://` for TLS), for a response ' +
        'cache shared by all processes. Without it, each process caches in its own memory.',
    }),
  ),
  SECRET_KEY: Type.Optional(
    Type.String({
      description:
        'Secret that signs cookies, at least 32 characters; generate one with `npm run cli -- ' +
        'generate-secret`. Required in production; otherwise generated once and stored under ' +
        '`DATA_DIR`.',
    }),
  ),
  JWT_SECRET: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Secrets that sign tokens, comma-separated, each as strong as `SECRET_KEY` and different ' +
        'from it. The first one signs and all are accepted: rotate by putting a new one in ' +
        'front. Required in production; otherwise generated once and stored under `DATA_DIR`.',
    }),
  ),
  SMTP_URL: Type.Optional(
    Type.String({
      description:
        'Mail server, as `smtps://user:password@host:465` or `smtp://host:587` (upgraded to TLS ' +
        'by STARTTLS where offered). Without it, no mail is sent: production refuses operations ' +
        'that need mail, other environments keep mails in memory, and development shows them at ' +
        '`/dev/mail`.',
    }),
  ),
  MAIL_FROM: Default(
    Type.String({
      pattern: '^[^\\r\\n]*[^\\s<>@]@[^\\s<>@]+>?$',
      description: 'Sender of all mail: an email address, or `Name <address>`',
    }),
    'Althing <no-reply@localhost>',
  ),
  CLIENT_URL: Type.Optional(
    Type.String({
      description:
        'http or https base URL of the client application, used for links in mails and the feed. ' +
        'Without it, mails name the API operation that takes their token.',
    }),
  ),
  CORS_ORIGINS: Default(
    Type.Array(Type.String(), {
      description: 'Origins allowed to call the API with credentials, comma-separated',
    }),
    [],
  ),
  TRUST_PROXY: Default(
    Type.String({
      pattern: '^(?:\\d{1,2}|[0-9a-fA-F:.]+(?:/\\d{1,3})?(?: *, *[0-9a-fA-F:.]+(?:/\\d{1,3})?)*)$',
      description:
        'Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted: the number of ' +
        'proxies in front of the service, or their addresses and networks, comma-separated',
    }),
    '0',
  ),
  RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description: 'Requests per minute from one IP address',
    }),
    600,
  ),
  REGISTRATION: Default(
    Type.Boolean({
      description: 'Allow anyone to register; if off, only administrators create accounts',
    }),
    true,
  ),
  PUBLIC_USERS: Default(
    Type.Boolean({
      description:
        'Allow anyone to list and read users, with their public fields only; if off, this ' +
        'requires signing in. Posts and comments name their authors in either case.',
    }),
    true,
  ),
  REGISTRATION_MAX_USERS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      description:
        'Number of users from which registration is closed; administrators can still create ' +
        'accounts',
    }),
    100_000,
  ),
  LOGIN_RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description:
        'Requests per minute from one IP address to each operation that takes a password or ' +
        'sends mail',
    }),
    20,
  ),
  COMMENT_RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description: 'Attempts per minute from one IP address to post a comment',
    }),
    20,
  ),
  ARTICLE_RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description:
        'Requests per minute from one IP address that create or change posts; as many may change ' +
        'comments, categories and tags, profiles, end other sessions, and restore or purge from the ' +
        'trash',
    }),
    60,
  ),
  LOGIN_ATTEMPTS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Failed sign-ins allowed per account before a delay starts; the delay doubles with each ' +
        'further failure',
    }),
    5,
  ),
  LOGIN_ATTEMPTS_PER_ADDRESS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Failed sign-ins allowed per IP address, for all accounts, before a delay starts',
    }),
    50,
  ),
  SESSION_MAX_DAYS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 365,
      description: 'Days after which a session with a cookie ends, however often it is used',
    }),
    30,
  ),
  SESSION_PROTECTION: Default(
    Enum(['basic', 'strong'], {
      description:
        'What a session with a cookie is bound to. `basic`: the kind of browser and its platform. ' +
        '`strong`: the exact `User-Agent` and the IP address (the /64 network of IPv6) with which ' +
        'it began, so that users sign in again on another network and after browser updates.',
    }),
    'basic',
  ),
  REFRESH_MAX_DAYS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 730,
      description:
        'Days after which a session with tokens ends, however often its tokens are renewed',
    }),
    90,
  ),
  AUDIT_RETENTION_DAYS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'Days after which entries of the audit log are removed',
    }),
    365,
  ),
  EVENT_RETENTION_DAYS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'Days after which events are removed, which live clients get',
    }),
    90,
  ),
  BODY_LIMIT: Default(
    Type.Integer({
      minimum: 1024,
      description:
        'Maximum size of a request body in bytes; most operations have a lower limit, which ' +
        'follows from their schema. The larger bodies of all running requests may take twice as ' +
        'many bytes, those of one network or one user as many',
    }),
    16 * 1024 * 1024,
  ),
  MAX_CONNECTIONS: Default(
    Type.Integer({
      minimum: 4,
      maximum: 100_000,
      description:
        'Maximum number of open connections, of which one network may hold a quarter and a /48 ' +
        'of IPv6 half; behind a trusted proxy, the proxy limits its clients. A further connection ' +
        'takes the place of one that waits between two requests',
    }),
    1000,
  ),
  REQUEST_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 600,
      description: 'Seconds within which a request must be received completely',
    }),
    30,
  ),
  SHUTDOWN_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 120,
      description: 'Seconds given to running requests during a graceful shutdown',
    }),
    10,
  ),
});
export type Config = Static<typeof ConfigSchema>;
