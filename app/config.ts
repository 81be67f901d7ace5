import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';
import { compileParameters } from '#src/lib/validation/index.js';
import { findProblems } from './config-problems.js';
import { type Config, ConfigSchema } from './config-schema.js';

/** An invalid configuration. The message is one line that names every wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const parse = compileParameters(ConfigSchema, { place: 'query', definitions: {} });

/**
 * Loads the configuration from the environment and the project's `.env`; the environment takes
 * precedence.
 *
 * @throws ConfigError naming every variable that is missing or wrong, without its value
 */
export function loadConfig(): Config {
  const file = join(projectRoot, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  return parseConfig(process.env);
}

/** The trusted proxies, in the form of Fastify's `trustProxy` option. */
export function trustedProxies({
  TRUST_PROXY,
}: Config): string[] | ((address: string, hop: number) => boolean) {
  if (!/^\d+$/.test(TRUST_PROXY)) {
    return TRUST_PROXY.split(',').map((address) => address.trim());
  }
  const hops = Number(TRUST_PROXY);
  return (_address, hop) => hop < hops;
}

/** Whether any proxy is trusted. */
export function trustsProxy({ TRUST_PROXY }: Config): boolean {
  return !/^0+$/.test(TRUST_PROXY);
}

/** The environment variable that replaces the password prompt of `create-admin`. */
export const ADMIN_PASSWORD_VARIABLE = 'ALTHING_ADMIN_PASSWORD';

/** The password of `ADMIN_PASSWORD_VARIABLE`; undefined if it is unset or empty. */
export function adminPassword(): string | undefined {
  return process.env[ADMIN_PASSWORD_VARIABLE] || undefined;
}

/** The variables that hold comma-separated lists. */
const LISTS = ['CORS_ORIGINS', 'JWT_SECRET'] as const;

/**
 * Parses a configuration from environment variables. An empty variable counts as not set.
 *
 * @throws ConfigError as `loadConfig`
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const given = {
    ...(set['NODE_ENV'] === 'production' ? { APP_ENV: 'production' } : {}),
    ...set,
    ...Object.fromEntries(
      LISTS.flatMap((name) => (set[name] === undefined ? [] : [[name, splitList(set[name])]])),
    ),
  };
  const result = parse(given);
  const problems =
    'errors' in result
      ? [...result.errors.map(({ loc, msg }) => `${loc[1]}: ${msg}`), ...findProblems(given)]
      : findProblems(result.value);
  if (problems.length > 0) throw new ConfigError(problems.join('. '));
  return (result as { value: Config }).value;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
