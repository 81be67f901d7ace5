import { isIP } from 'node:net';
import { isLoopbackName } from '#src/lib/loopback.js';
import type { Config } from './config-schema.js';
import { MIN_SECRET_BITS, strengthOf } from './secret-strength.js';

/** Minimum length of a secret, in characters. */
export const MIN_SECRET_LENGTH = 32;

/**
 * Finds the problems that the schema of the configuration cannot express. Accepts parsed values and
 * the raw ones of the environment.
 *
 * @returns one sentence per problem, without the value, which may be a secret
 */
export function findProblems(values: { [Name in keyof Config]?: unknown }): string[] {
  return [
    findNetworkProblem(values),
    findProxyProblem(values.TRUST_PROXY),
    findUrlProblem('DATABASE_URL', values.DATABASE_URL),
    findUrlProblem('DATABASE_DIRECT_URL', values.DATABASE_DIRECT_URL),
    findDirectProblem(values),
    findUpstreamProblem(values.PLAYGROUND_UPSTREAM_URL),
    findPoolProblem(values.DB_POOL_MIN, values.DB_POOL_MAX),
    findRedisProblem(values.REDIS_URL),
    findSecretProblem('SECRET_KEY', values.SECRET_KEY, values.APP_ENV),
    findTokenSecretProblem(values.JWT_SECRET, values.SECRET_KEY, values.APP_ENV),
    findSmtpProblem(values.SMTP_URL),
    findClientProblem(values.CLIENT_URL),
    findOriginProblem(values.CORS_ORIGINS),
  ].filter((problem) => problem !== undefined);
}

/** Development must not be reachable from other machines by accident. */
function findNetworkProblem({
  HOST,
  APP_ENV = 'development',
  ALLOW_NETWORK_DEVELOPMENT,
}: Parameters<typeof findProblems>[0]): string | undefined {
  // Not yet converted if another variable is invalid.
  const isAllowed = /^(?:true|t|yes|y|on|1)$/i.test(String(ALLOW_NETWORK_DEVELOPMENT));
  if (APP_ENV === 'production' || isAllowed) return undefined;
  if (typeof HOST !== 'string' || isLoopbackName(HOST)) return undefined;
  return (
    'HOST lets other machines reach a service that is not in production, with its demo accounts ' +
    'and generated secrets: set APP_ENV=production, or ALLOW_NETWORK_DEVELOPMENT=true on a ' +
    'network that you trust'
  );
}

function findProxyProblem(proxies: unknown): string | undefined {
  if (typeof proxies !== 'string' || /^\d*$/.test(proxies)) return undefined;
  const isValid = proxies.split(',').every((each) => {
    const [address = '', bits] = each.trim().split('/');
    const version = isIP(address);
    return version !== 0 && Number(bits ?? 0) <= (version === 4 ? 32 : 128);
  });
  if (isValid) return undefined;
  return 'TRUST_PROXY is neither a number of proxies nor a list of IP addresses and networks';
}

function findUrlProblem(name: string, url: unknown): string | undefined {
  if (typeof url !== 'string' || isPostgresUrl(url)) return undefined;
  return (
    `${name} is not a PostgreSQL URL: use postgresql://user:password@host:5432/database, with ` +
    'special characters of the password percent-encoded (@ as %40)'
  );
}

function findDirectProblem({
  DATABASE_URL,
  DATABASE_DIRECT_URL,
}: Parameters<typeof findProblems>[0]): string | undefined {
  if (DATABASE_DIRECT_URL === undefined || DATABASE_URL !== undefined) return undefined;
  return 'DATABASE_DIRECT_URL is set without DATABASE_URL: set both, or neither';
}

function findUpstreamProblem(url: unknown): string | undefined {
  if (typeof url !== 'string' || isHttpUrl(url)) return undefined;
  return 'PLAYGROUND_UPSTREAM_URL is not an http or https URL: use one like https://api.example.com/data';
}

function findSmtpProblem(url: unknown): string | undefined {
  if (typeof url !== 'string' || isSmtpUrl(url)) return undefined;
  return 'SMTP_URL is not an SMTP URL: use one like smtps://user:password@mail.example.com:465';
}

function findClientProblem(url: unknown): string | undefined {
  if (typeof url !== 'string' || isHttpUrl(url)) return undefined;
  return 'CLIENT_URL is not an http or https URL: use one like https://app.example.com';
}

function findRedisProblem(url: unknown): string | undefined {
  if (typeof url !== 'string' || isRedisUrl(url)) return undefined;
  return 'REDIS_URL is not a Redis URL: use one like redis://:password@redis.example.com:6379/0';
}

function findPoolProblem(min: unknown, max: unknown): string | undefined {
  const wrong = typeof min === 'number' && typeof max === 'number' && min > max;
  return wrong
    ? 'DB_POOL_MIN is greater than DB_POOL_MAX: lower it, or raise DB_POOL_MAX'
    : undefined;
}

function findSecretProblem(
  name: string,
  secret: unknown,
  environment: unknown,
): string | undefined {
  if (typeof secret !== 'string') {
    return environment === 'production'
      ? `${name} is missing: production requires it; generate one with \`npm run cli -- generate-secret\``
      : undefined;
  }
  const remedy = 'use the output of `npm run cli -- generate-secret`';
  if (secret.length < MIN_SECRET_LENGTH || new Set(secret).size < 8) {
    return `${name} is too weak: it needs at least ${MIN_SECRET_LENGTH} random characters; ${remedy}`;
  }
  return environment === 'production' && strengthOf(secret) < MIN_SECRET_BITS
    ? `${name} is too weak: words, sequences and repetitions can be guessed; ${remedy}`
    : undefined;
}

function findTokenSecretProblem(
  secrets: unknown,
  secretKey: unknown,
  environment: unknown,
): string | undefined {
  const list = Array.isArray(secrets) && secrets.length > 0 ? secrets : [undefined];
  if (secretKey !== undefined && list.includes(secretKey)) {
    return 'JWT_SECRET contains the SECRET_KEY: use different secrets for cookies and tokens';
  }
  return list
    .map((secret) => findSecretProblem('JWT_SECRET', secret, environment))
    .find((problem) => problem !== undefined);
}

function findOriginProblem(origins: unknown): string | undefined {
  if (!Array.isArray(origins)) return undefined;
  const bad = origins.findIndex((origin) => !isOrigin(origin));
  return bad < 0
    ? undefined
    : `CORS_ORIGINS: value ${bad + 1} is not an origin: use one like https://app.example.com`;
}

function isPostgresUrl(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1;
}

function isSmtpUrl(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '';
}

function isRedisUrl(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(parseUrl(text)?.protocol ?? '');
}

function isOrigin(text: string): boolean {
  return parseUrl(text)?.origin === text;
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
