import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { projectRoot } from '#src/lib/project-root.js';
import { compileParameters } from '#src/lib/validation/index.js';
import { findProblems } from './config-problems.js';
import { type Config, ConfigSchema } from './config-schema.js';
import { findWarnings } from './config-warnings.js';
import { findMisspelled } from './misspelled-variables.js';

/** An invalid configuration. The message is one line that names every wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The project's own variables, for development. */
const ENV_FILE = join(projectRoot, '.env');

const parse = compileParameters(ConfigSchema, { place: 'query', definitions: {} });

/**
 * Loads the configuration from the environment and the project's `.env`; the environment takes
 * precedence.
 *
 * @throws ConfigError naming every variable that is missing or wrong, without its value
 */
export function loadConfig(file = ENV_FILE): Config {
  if (existsSync(file)) process.loadEnvFile(file);
  return parseConfig(process.env);
}

/**
 * Returns what the operator should know of the configuration that `loadConfig` has returned: one
 * sentence each, without secrets.
 *
 * @param hasAdministrator whether an administrator can sign in
 */
export function configWarnings(config: Config, hasAdministrator: boolean): string[] {
  return [
    ...misspelledVariables(),
    ...findWarnings(config, {
      hasAdministrator,
      isProxySet: Boolean(process.env['TRUST_PROXY']),
      databasePassword: process.env['PGPASSWORD'],
    }),
  ];
}

/** Returns one sentence for each variable that was probably meant for the service. */
export function misspelledVariables(file = ENV_FILE): string[] {
  const inFile = existsSync(file) ? Object.keys(parseEnv(readFileSync(file, 'utf8'))) : [];
  return findMisspelled({ known: KNOWN, set: namesSetIn(process.env), inFile });
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

/** Every variable that the service and its commands read. */
const KNOWN = [...Object.keys(ConfigSchema.properties), ADMIN_PASSWORD_VARIABLE, 'NODE_ENV'];

/** The variables that hold comma-separated lists. */
const LISTS = ['CORS_ORIGINS', 'JWT_SECRET'] as const;

/**
 * Parses a configuration from environment variables. An empty variable counts as not set.
 *
 * @throws ConfigError as `loadConfig`
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(
    namesSetIn(environment).map((name) => [name, environment[name] ?? '']),
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
  if (problems.length > 0) {
    const misspelled = findMisspelled({ known: KNOWN, set: Object.keys(set), inFile: [] });
    throw new ConfigError([...problems, ...misspelled].join('. '));
  }
  return (result as { value: Config }).value;
}

/** The variables that have a value. */
function namesSetIn(environment: Record<string, string | undefined>): string[] {
  return Object.keys(environment).filter((name) => Boolean(environment[name]));
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
