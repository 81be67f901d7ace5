import { type Static, Type } from '@sinclair/typebox';
import { Default, Enum } from '#schemas/types.js';

/** Every variable of the environment that the service reads, with its meaning and its default. */
export const ConfigSchema = Type.Object({
  APP_ENV: Default(
    Enum(['development', 'testing', 'production'], {
      description:
        'Production wants real secrets, sends HSTS and loads no demo data. `NODE_ENV=production` ' +
        'has the same effect.',
    }),
    'development',
  ),
  HOST: Default(
    Type.String({
      minLength: 1,
      description: 'The address to listen on; `0.0.0.0` opens the service to others',
    }),
    '127.0.0.1',
  ),
  PORT: Default(
    Type.Integer({
      minimum: 0,
      maximum: 65535,
      description: 'The port to listen on',
    }),
    8000,
  ),
  LOG_LEVEL: Default(
    Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      description: 'How much is logged',
    }),
    'info',
  ),
  DATABASE_URL: Type.Optional(
    Type.String({
      description:
        'The PostgreSQL server, as `postgresql://user:password@host:5432/database` (an `@` in the ' +
        'password is written `%40`). Without it the service runs its own under `DATA_DIR`. Behind a ' +
        'pooler that lends connections by the transaction, no process hears of changes, and what ' +
        'public reads have found is not kept.',
    }),
  ),
  DATA_DIR: Default(
    Type.String({
      minLength: 1,
      description: 'Where the embedded database and the development secret are kept',
    }),
    'data',
  ),
  DEMO_DATA: Default(
    Type.Boolean({
      description: 'Load the demo data when the database has no users yet; never in production',
    }),
    true,
  ),
  PLAYGROUND: Type.Optional(
    Type.Boolean({
      description:
        'Whether there is `/api/v1/playground`, where the authors of clients try how this API speaks; ' +
        'on if it is left out, except in production',
    }),
  ),
  PLAYGROUND_UPSTREAM_URL: Type.Optional(
    Type.String({
      description:
        'The http or https address whose JSON `GET /api/v1/playground/upstream` hands on',
    }),
  ),
  DB_POOL_MIN: Default(
    Type.Integer({
      minimum: 0,
      maximum: 30,
      description: 'Connections kept open',
    }),
    2,
  ),
  DB_POOL_MAX: Default(
    Type.Integer({
      minimum: 1,
      maximum: 30,
      description: 'Connections at most',
    }),
    10,
  ),
  DB_POOL_MAX_LIFETIME: Default(
    Type.Integer({
      minimum: 1,
      description: 'Seconds after which a connection is replaced',
    }),
    3600,
  ),
  DB_CONNECT_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 60,
      description: 'Seconds to wait for a connection before the answer is 503',
    }),
    5,
  ),
  DB_STATEMENT_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 600,
      description: 'Seconds that one SQL statement may take',
    }),
    30,
  ),
  DB_NAMED_STATEMENTS: Default(
    Type.Boolean({
      description: 'Prepare statements on the server; off behind a PgBouncer older than 1.21',
    }),
    true,
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      description:
        'The Redis server, as `redis://:password@host:6379/0` (`rediss://` over TLS), in which all ' +
        'processes share what public reads have found. Without it each keeps its own in memory.',
    }),
  ),
  SECRET_KEY: Type.Optional(
    Type.String({
      description:
        'Signs cookies; at least 32 characters, `npm run cli -- generate-secret` makes one. Required ' +
        'in production; elsewhere one is made and kept under `DATA_DIR`.',
    }),
  ),
  JWT_SECRET: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Sign tokens, separated by commas: the first signs, all are accepted, so that a new one can ' +
        'be put in front without signing everyone out. As long and random as `SECRET_KEY`, and none ' +
        'of them the same. Required in production; elsewhere one is made and kept under `DATA_DIR`.',
    }),
  ),
  SMTP_URL: Type.Optional(
    Type.String({
      description:
        'The mail server, as `smtps://user:password@host:465` or `smtp://host:587` (TLS by STARTTLS ' +
        'where the server offers it). Without it mail stays in memory, where `/dev/mail` shows it, ' +
        'and in production none can be sent.',
    }),
  ),
  MAIL_FROM: Default(
    Type.String({
      pattern: '^[^\\r\\n]*[^\\s<>@]+@[^\\s<>@]+>?$',
      description: 'The sender of every mail: an address, or a name and an address in `<>`',
    }),
    'Althing <no-reply@localhost>',
  ),
  CLIENT_URL: Type.Optional(
    Type.String({
      description:
        'The http or https address of the pages that people use; mails then link to them. Without ' +
        'it a mail names the operation that takes its token.',
    }),
  ),
  CORS_ORIGINS: Default(
    Type.Array(Type.String(), {
      description: 'Origins whose pages may call the API with cookies, separated by commas',
    }),
    [],
  ),
  TRUST_PROXY: Default(
    Type.String({
      pattern: '^(?:\\d{1,2}|[0-9a-fA-F:.]+(?:/\\d{1,3})?(?: *, *[0-9a-fA-F:.]+(?:/\\d{1,3})?)*)$',
      description:
        'Whose `X-Forwarded-For` and `X-Forwarded-Proto` to believe: the number of proxies of your ' +
        'own in front of the service, or their addresses, separated by commas',
    }),
    '0',
  ),
  RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description: 'Requests a minute from one address',
    }),
    600,
  ),
  REGISTRATION: Default(
    Type.Boolean({
      description: 'Whether people may register by themselves; else administrators create them',
    }),
    true,
  ),
  LOGIN_RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description:
        'Requests a minute from one address to each operation that takes a password or sends mail',
    }),
    20,
  ),
  COMMENT_RATE_LIMIT: Default(
    Type.Integer({
      minimum: 1,
      description: 'Attempts a minute from one address to write a comment',
    }),
    20,
  ),
  LOGIN_ATTEMPTS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Wrong passwords for one account that have no consequence; each further one doubles a wait',
    }),
    5,
  ),
  LOGIN_ATTEMPTS_PER_ADDRESS: Default(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'The same for all wrong passwords from one address',
    }),
    50,
  ),
  BODY_LIMIT: Default(
    Type.Integer({
      minimum: 1024,
      description: 'Bytes that the largest bodies may have; most operations take less',
    }),
    16 * 1024 * 1024,
  ),
  REQUEST_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 600,
      description: 'Seconds in which a request must have arrived',
    }),
    30,
  ),
  SHUTDOWN_TIMEOUT: Default(
    Type.Integer({
      minimum: 1,
      maximum: 120,
      description: 'Seconds that running requests get to finish when the service stops',
    }),
    10,
  ),
});
export type Config = Static<typeof ConfigSchema>;
