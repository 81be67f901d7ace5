import { isLoopbackName } from '#src/lib/loopback.js';
import type { Config } from './config-schema.js';
import { MIN_PASSWORD_BITS, strengthOf } from './secret-strength.js';

/** What the configuration does not say. */
export interface Circumstances {
  /** Whether an administrator can sign in. */
  hasAdministrator: boolean;
  /** Whether `TRUST_PROXY` is set, to `0` perhaps: then the operator knows of it. */
  isProxySet: boolean;
  /** The password in `PGPASSWORD`, which is used if `DATABASE_URL` contains none. */
  databasePassword: string | undefined;
}

/**
 * Finds what an operator should know of a valid configuration: in production, everything that is
 * missing or weak; in other environments, that other machines can reach the service.
 *
 * @returns one sentence each, with the variable or command that mends it, without a full stop
 */
export function findWarnings(config: Config, circumstances: Circumstances): string[] {
  const warnings =
    config.APP_ENV === 'production'
      ? [
          ...findMissing(config, circumstances),
          ...findPlainHttp(config, circumstances),
          ...findWeakPasswords(config, circumstances),
        ]
      : [findNetworkDevelopment(config)];
  return warnings.filter((warning) => warning !== undefined);
}

function findNetworkDevelopment({ APP_ENV, HOST }: Config): string | undefined {
  if (isLoopbackName(HOST)) return undefined;
  return (
    `Other machines can reach this service at HOST=${HOST} in APP_ENV=${APP_ENV}: it has demo ` +
    'data, generated secrets, cookies over plain HTTP, and mails with tokens in memory, which ' +
    'development shows at /dev/mail on this machine. Use a network that you trust, or ' +
    'APP_ENV=production'
  );
}

function findMissing(config: Config, { hasAdministrator }: Circumstances): (string | undefined)[] {
  const { SMTP_URL, DATABASE_URL, CLIENT_URL } = config;
  return [
    hasAdministrator
      ? undefined
      : 'No administrator can sign in: create one with `npm run cli -- create-admin <username>`, ' +
        'or `node dist/app/cli/main.js create-admin <username>` in a container',
    SMTP_URL === undefined
      ? 'SMTP_URL is not set: without mail, nobody can register, confirm an email address or ' +
        'reset a password; set it to a mail server, as smtps://user:password@host:465'
      : undefined,
    DATABASE_URL === undefined
      ? 'DATABASE_URL is not set: data is kept in the embedded PostgreSQL under DATA_DIR, which ' +
        'serves one process on this machine; set it to a PostgreSQL server, as ' +
        'postgresql://user:password@host:5432/database'
      : undefined,
    CLIENT_URL === undefined
      ? 'CLIENT_URL is not set: mails tell people which API operation to call instead of ' +
        'containing a link; set it to the URL of the client application'
      : undefined,
  ];
}

function findPlainHttp(
  { TRUST_PROXY, CLIENT_URL }: Config,
  { isProxySet }: Circumstances,
): (string | undefined)[] {
  return [
    isProxySet
      ? undefined
      : 'TRUST_PROXY is not set: behind a proxy, all clients share the IP address of the proxy, ' +
        'and its rate limit; set it to the number of proxies or to their addresses, or to 0 if ' +
        'there is none',
    /^0+$/.test(TRUST_PROXY)
      ? 'This service speaks plain HTTP, and browsers keep its session cookie only over https: ' +
        'put a TLS proxy in front of it, and set TRUST_PROXY to that proxy'
      : undefined,
    CLIENT_URL?.toLowerCase().startsWith('http:') && !isLoopbackName(new URL(CLIENT_URL).hostname)
      ? 'CLIENT_URL is a plain http URL: links in mails carry tokens, which others on the ' +
        'network can read; serve the client over https, and set CLIENT_URL to its https URL'
      : undefined,
  ];
}

function findWeakPasswords(
  { DATABASE_URL, DATABASE_DIRECT_URL, SMTP_URL, REDIS_URL }: Config,
  { databasePassword }: Circumstances,
): string[] {
  const passwords = {
    DATABASE_URL: passwordOf(DATABASE_URL),
    DATABASE_DIRECT_URL: passwordOf(DATABASE_DIRECT_URL),
    PGPASSWORD: databasePassword,
    SMTP_URL: passwordOf(SMTP_URL),
    REDIS_URL: passwordOf(REDIS_URL),
  };
  return Object.entries(passwords)
    .filter(([, password = '']) => password !== '' && strengthOf(password) < MIN_PASSWORD_BITS)
    .map(([name]) => {
      const subject = name === 'PGPASSWORD' ? name : `The password in ${name}`;
      return `${subject} is easy to guess: replace it with a random one, for example the output of \`npm run cli -- generate-secret\``;
    });
}

/** The password of a URL, as the authority or as the parameter that libpq reads. */
function passwordOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = new URL(text);
  const password = url.password || (url.searchParams.get('password') ?? '');
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
