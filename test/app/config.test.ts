import t, { type Test } from 'tap';
import { ConfigError, parseConfig } from '#app/config.js';
import { type Config, ConfigSchema } from '#app/config-schema.js';

const SECRET_KEY = '0123456789abcdef0123456789abcdef';
const JWT_SECRET = 'fedcba9876543210fedcba9876543210';
const DATABASE_URL = 'postgresql://user:password@host:5432/database';

/** Returns the error message of the rejected configuration. */
function refusal(t: Test, environment: Record<string, string>): string {
  try {
    parseConfig(environment);
  } catch (error) {
    t.ok(error instanceof ConfigError);
    const { message } = error as ConfigError;
    t.notMatch(message, /\n/);
    return message;
  }
  t.fail(`accepted ${JSON.stringify(environment)}`);
  return '';
}

t.test('provides defaults for all optional settings', async (t) => {
  const config = parseConfig({});
  t.same(config, {
    APP_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: 8000,
    LOG_LEVEL: 'info',
    DATA_DIR: 'data',
    DEMO_DATA: true,
    DB_POOL_MIN: 2,
    DB_POOL_MAX: 10,
    DB_POOL_MAX_LIFETIME: 3600,
    DB_CONNECT_TIMEOUT: 5,
    DB_STATEMENT_TIMEOUT: 30,
    DB_NAMED_STATEMENTS: true,
    MAIL_FROM: 'Althing <no-reply@localhost>',
    CORS_ORIGINS: [],
    TRUST_PROXY: '0',
    RATE_LIMIT: 600,
    REGISTRATION: true,
    REGISTRATION_MAX_USERS: 100_000,
    LOGIN_RATE_LIMIT: 20,
    COMMENT_RATE_LIMIT: 20,
    LOGIN_ATTEMPTS: 5,
    LOGIN_ATTEMPTS_PER_ADDRESS: 50,
    SESSION_MAX_DAYS: 30,
    REFRESH_MAX_DAYS: 90,
    AUDIT_RETENTION_DAYS: 365,
    BODY_LIMIT: 16_777_216,
    REQUEST_TIMEOUT: 30,
    SHUTDOWN_TIMEOUT: 10,
  });
  const names = Object.keys(ConfigSchema.properties);
  t.same(
    names.filter((name) => !(name in config)),
    [
      'DATABASE_URL',
      'PLAYGROUND',
      'PLAYGROUND_UPSTREAM_URL',
      'REDIS_URL',
      'SECRET_KEY',
      'JWT_SECRET',
      'SMTP_URL',
      'CLIENT_URL',
    ],
  );
  t.same(parseConfig({ PATH: '/bin', UNKNOWN: '1' }), config, 'ignores unknown variables');
});

t.test('converts values to the types of the schema', async (t) => {
  const config = parseConfig({
    APP_ENV: 'testing',
    PORT: '0',
    DEMO_DATA: 'false',
    TRUST_PROXY: '1',
    DB_NAMED_STATEMENTS: 'off',
    BODY_LIMIT: '1024',
    SECRET_KEY,
    DATABASE_URL,
  });
  t.match(config, {
    APP_ENV: 'testing',
    PORT: 0,
    DEMO_DATA: false,
    TRUST_PROXY: '1',
    DB_NAMED_STATEMENTS: false,
    BODY_LIMIT: 1024,
    SECRET_KEY,
    DATABASE_URL,
  });
});

t.test('accepts proxies as a number of hops or as addresses and networks', async (t) => {
  for (const TRUST_PROXY of ['2', '10.0.0.0/8', '::1, 192.168.0.0/16', '127.0.0.1']) {
    t.equal(parseConfig({ TRUST_PROXY }).TRUST_PROXY, TRUST_PROXY);
  }
});

t.test('treats an empty variable as unset', async (t) => {
  const names = Object.keys(ConfigSchema.properties);
  const empty = Object.fromEntries(names.map((name) => [name, '']));
  t.same(parseConfig({ ...empty, NODE_ENV: '' }), parseConfig({}));
});

t.test('NODE_ENV=production has the effect of APP_ENV=production', async (t) => {
  t.equal(parseConfig({ NODE_ENV: 'production', SECRET_KEY, JWT_SECRET }).APP_ENV, 'production');
  t.match(refusal(t, { NODE_ENV: 'production' }), /^SECRET_KEY is missing/);
  t.match(refusal(t, { NODE_ENV: 'production', SECRET_KEY }), /^JWT_SECRET is missing/);
  t.equal(parseConfig({ NODE_ENV: 'production', APP_ENV: 'testing' }).APP_ENV, 'testing');
  t.equal(parseConfig({ NODE_ENV: 'test' }).APP_ENV, 'development');
});

t.test('names the variable with an invalid value', async (t) => {
  const wrong: Partial<Record<keyof Config, string[]>> = {
    APP_ENV: ['staging', 'Production'],
    PORT: ['abc', '-1', '65536', '80.5'],
    LOG_LEVEL: ['loud', 'INFO'],
    DEMO_DATA: ['perhaps', '2'],
    DB_POOL_MIN: ['-1', '31', '11'],
    DB_POOL_MAX: ['0', '31'],
    DB_POOL_MAX_LIFETIME: ['0'],
    DB_CONNECT_TIMEOUT: ['0', '61'],
    DB_STATEMENT_TIMEOUT: ['0', '601'],
    DB_NAMED_STATEMENTS: ['maybe'],
    TRUST_PROXY: ['true', 'yes', '1,x'],
    RATE_LIMIT: ['0'],
    LOGIN_RATE_LIMIT: ['many'],
    COMMENT_RATE_LIMIT: ['0', 'many'],
    LOGIN_ATTEMPTS: ['0', '1000001'],
    LOGIN_ATTEMPTS_PER_ADDRESS: ['0', '1000001'],
    SESSION_MAX_DAYS: ['0', '366'],
    REFRESH_MAX_DAYS: ['0', '731'],
    BODY_LIMIT: ['1023', '16MB'],
    REQUEST_TIMEOUT: ['0', '601'],
    SHUTDOWN_TIMEOUT: ['0', '121'],
    DATABASE_URL: [
      'nonsense',
      'localhost:5432/database',
      'mysql://user@host/database',
      'postgresql://user@host:5432',
      'postgresql://user@host:5432/',
      'postgresql://user:pass#word@host/database',
    ],
    REDIS_URL: ['redis.example.com:6379', 'http://redis.example.com', 'redis://', 'rediss:///0'],
    SECRET_KEY: ['short', 'a'.repeat(64), '1212'.repeat(20)],
    JWT_SECRET: ['short', `${JWT_SECRET},short`, 'a'.repeat(64)],
    SMTP_URL: ['mail.example.com', 'http://mail.example.com', 'smtp://', 'smtp:mail'],
    MAIL_FROM: ['nobody', 'a@example.com\r\nBcc: b@example.com', '@example.com', 'a@'],
    CLIENT_URL: ['app.example.com', 'ftp://app.example.com', 'javascript:alert(1)'],
    CORS_ORIGINS: ['*', 'app.example.com', 'https://app.example.com/', 'https://a.example/path'],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      t.match(refusal(t, { [name]: value }), new RegExp(`^${name}\\b`), `${name}=${value}`);
    }
  }
});

t.test(
  'requires token secrets that differ from the cookie secret, and accepts several',
  async (t) => {
    const several = parseConfig({ SECRET_KEY, JWT_SECRET: `${JWT_SECRET}, ${JWT_SECRET}2` });
    t.same(several.JWT_SECRET, [JWT_SECRET, `${JWT_SECRET}2`]);
    t.match(
      refusal(t, { SECRET_KEY, JWT_SECRET: `${JWT_SECRET},${SECRET_KEY}` }),
      /^JWT_SECRET contains the SECRET_KEY/,
    );
  },
);

t.test('reports all problems at once', async (t) => {
  const message = refusal(t, {
    NODE_ENV: 'production',
    PORT: 'abc',
    DEMO_DATA: 'perhaps',
    DATABASE_URL: 'nonsense',
    CORS_ORIGINS: '*',
  });
  for (const name of ['PORT', 'DEMO_DATA', 'DATABASE_URL', 'SECRET_KEY', 'CORS_ORIGINS']) {
    t.match(message, new RegExp(`(^|\\. )${name}\\b`));
  }
  t.notMatch(message, /\.\./);
});

t.test('never repeats a value, which may be a secret, in a message', async (t) => {
  const secret = 'Hunter2';
  for (const [name, value] of [
    ['SECRET_KEY', secret],
    ['DATABASE_URL', secret],
    ['DATABASE_URL', `postgresql://user:${secret}#@host/database`],
    ['SMTP_URL', `http://user:${secret}@mail.example.com`],
    ['CORS_ORIGINS', `https://app.example.com,https://user:${secret}@app.example.com`],
    ['PORT', secret],
    ['APP_ENV', secret],
    ['DEMO_DATA', secret],
  ] as const) {
    const message = refusal(t, { [name]: value });
    t.notOk(message.toLowerCase().includes(secret.toLowerCase()), message);
  }
});

t.test('accepts every form of DATABASE_URL', async (t) => {
  for (const url of [
    'postgresql://user:p%40ss%3Aw%2Ford%23@host:5432/database',
    'postgres://user@host/database',
    'postgresql:///database?host=/var/run/postgresql',
    'postgresql://user@[::1]:5432/database?sslmode=require',
  ]) {
    t.equal(parseConfig({ DATABASE_URL: url }).DATABASE_URL, url);
  }
});

t.test('parses CORS_ORIGINS as a list', async (t) => {
  const origins = (text: string) => parseConfig({ CORS_ORIGINS: text }).CORS_ORIGINS;
  t.same(origins('https://app.example.com'), ['https://app.example.com']);
  t.same(origins(' https://a.example , http://localhost:3000, '), [
    'https://a.example',
    'http://localhost:3000',
  ]);
  t.match(refusal(t, { CORS_ORIGINS: 'https://a.example,b.example' }), 'value 2 is not an origin');
});

t.test('accepts every usual form of REDIS_URL', async (t) => {
  for (const url of ['redis://redis', 'redis://:p%40ss@redis:6379/2', 'rediss://user:pass@redis']) {
    t.equal(parseConfig({ REDIS_URL: url }).REDIS_URL, url);
  }
});

t.test('accepts every usual form of SMTP_URL', async (t) => {
  const settings = [
    { SMTP_URL: 'smtp://mail.example.com' },
    { SMTP_URL: 'smtps://user:p%40ss@mail.example.com:465' },
    { MAIL_FROM: 'althing@example.com' },
    { MAIL_FROM: 'The Althing <althing@example.com>' },
    { CLIENT_URL: 'https://app.example.com/people/' },
  ];
  for (const each of settings) t.match(parseConfig(each), each);
});

t.test('rejects a DB_POOL_MIN above DB_POOL_MAX', async (t) => {
  t.match(parseConfig({ DB_POOL_MIN: '3', DB_POOL_MAX: '3' }), { DB_POOL_MIN: 3, DB_POOL_MAX: 3 });
  t.equal(
    refusal(t, { DB_POOL_MIN: '4', DB_POOL_MAX: '3' }),
    'DB_POOL_MIN is greater than DB_POOL_MAX: lower it, or raise DB_POOL_MAX',
  );
});
