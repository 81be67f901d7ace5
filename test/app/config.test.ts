import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError, misspelledVariables, parseConfig } from '#app/config.js';
import { type Config, ConfigSchema } from '#app/config-schema.js';
import { findWarnings } from '#app/config-warnings.js';
import { MIN_SECRET_BITS, strengthOf } from '#app/secret-strength.js';
import { generateSecret } from '#app/secrets.js';
import { projectRoot } from '#src/lib/project-root.js';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { Problems } from '#test/support/problems.js';
import { Random } from '#test/support/random.js';

const SECRET_KEY = generateSecret();
const JWT_SECRET = generateSecret();
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
    ALLOW_NETWORK_DEVELOPMENT: false,
    PORT: 8000,
    LOG_LEVEL: 'info',
    LOG_ADDRESSES: false,
    DOCS: true,
    PUBLIC_USERS: true,
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
    ARTICLE_RATE_LIMIT: 60,
    LOGIN_ATTEMPTS: 5,
    LOGIN_ATTEMPTS_PER_ADDRESS: 50,
    SESSION_MAX_DAYS: 30,
    SESSION_PROTECTION: 'basic',
    REFRESH_MAX_DAYS: 90,
    AUDIT_RETENTION_DAYS: 365,
    EVENT_RETENTION_DAYS: 90,
    BODY_LIMIT: 16_777_216,
    MAX_CONNECTIONS: 1000,
    REQUEST_TIMEOUT: 30,
    SHUTDOWN_TIMEOUT: 10,
  });
  const names = Object.keys(ConfigSchema.properties);
  t.same(
    names.filter((name) => !(name in config)),
    [
      'ERROR_LOG',
      'DATABASE_URL',
      'DATABASE_DIRECT_URL',
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
  for (const TRUST_PROXY of ['abc', '1.2.3', '10.0.0.0/33', '::1, abc', '::/129']) {
    t.match(refusal(t, { TRUST_PROXY }), /^TRUST_PROXY /, TRUST_PROXY);
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
    ALLOW_NETWORK_DEVELOPMENT: ['perhaps'],
    DOCS: ['none'],
    PUBLIC_USERS: ['some'],
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
    ARTICLE_RATE_LIMIT: ['0', 'many'],
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
    DATABASE_DIRECT_URL: ['nonsense', 'mysql://user@host/database', DATABASE_URL],
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

t.test('requires DATABASE_URL beside DATABASE_DIRECT_URL', async (t) => {
  t.match(refusal(t, { DATABASE_DIRECT_URL: DATABASE_URL }), /without DATABASE_URL/);
  t.match(parseConfig({ DATABASE_URL, DATABASE_DIRECT_URL: DATABASE_URL }), {
    DATABASE_DIRECT_URL: DATABASE_URL,
  });
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

t.test('listens to other machines in production only, unless told otherwise', async (t) => {
  const network = [
    '0.0.0.0',
    '::',
    '192.168.0.4',
    '::ffff:10.0.0.1',
    'althing.example',
    '128.0.0.1',
  ];
  for (const HOST of network) {
    for (const APP_ENV of ['', 'development', 'testing']) {
      const message = refusal(t, { APP_ENV, HOST });
      t.match(message, /^HOST lets other machines reach/, `${APP_ENV} ${HOST}`);
      t.match(message, 'APP_ENV=production');
      t.match(message, 'ALLOW_NETWORK_DEVELOPMENT=true');
      t.match(refusal(t, { APP_ENV, HOST, ALLOW_NETWORK_DEVELOPMENT: 'false' }), /^HOST/);
      const allowed = parseConfig({ APP_ENV, HOST, ALLOW_NETWORK_DEVELOPMENT: 'true' });
      t.equal(allowed.HOST, HOST);
    }
    const production = { NODE_ENV: 'production', SECRET_KEY, JWT_SECRET };
    t.equal(parseConfig({ ...production, HOST }).HOST, HOST);
  }
  for (const HOST of [
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '0:0:0:0:0:0:0:1',
    'localhost',
    'LOCALHOST',
  ]) {
    t.equal(parseConfig({ HOST }).HOST, HOST);
  }
  const all = refusal(t, { HOST: '0.0.0.0', PORT: 'abc' });
  t.match(all, /^PORT: .*\. HOST lets other machines/, 'with all other problems');
});

/** Secrets that people write, copy from documents, or type without looking. */
const WEAK_SECRETS = [
  'replace-with-strong-random-value',
  'REPLACE_WITH_STRONG_RANDOM_VALUE',
  'change-this-before-production-change-this-before-production',
  'dev-key-change-in-production-dev-key-change-in-production',
  'dev-key-change-in-production0000',
  'changeme-changeme-changeme-changeme',
  'changemechangemechangemechangeme',
  'ChangeMe!ChangeMe!ChangeMe!ChangeMe!',
  'change me change me change me change me',
  'C-h-a-n-g-e-M-e-C-h-a-n-g-e-M-e-12345',
  'change___me___before___production___!!',
  'changeme1changeme2changeme3changeme4',
  'please-change-this-secret-key-before-deploying-to-production',
  'supersecretsupersecretsupersecret!',
  'secretsecretsecretsecretsecretsecret12345678',
  's3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t-s3cr3t',
  'passwordpassword1234567890password',
  'p4ssw0rd-s3cr3t-k3y-f0r-pr0duct10n',
  'example-secret-key-example-secret-key',
  'default.secret.key.default.secret.key',
  'development-secret-key-for-testing-only',
  'DevelopmentSecretKeyForTestingOnly123',
  'test_secret_key_0123456789_0123456789',
  'your-secret-key-goes-here-your-secret-key',
  'your_256_bit_secret_your_256_bit_secret',
  '<insert-your-jwt-secret-token-value-here>',
  'TODO-insert-a-real-secret-here-TODO-TODO',
  'sample-secret-sample-secret-sample-secret',
  'placeholderplaceholderplaceholderplaceholder',
  'xxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-placeholder',
  'qwertyuiopasdfghjklzxcvbnm1234567890',
  'Qwertyuiop1234567890Asdfghjkl!!!!!!!',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'asdfghjklasdfghjklasdfghjklasdfghjkl',
  '0123456789abcdef0123456789abcdef',
  '0123456789ABCDEF0123456789ABCDEF',
  'fedcba9876543210fedcba9876543210',
  '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  '3456789abcdef0123456789abcdef012',
  'abcdefghijklmnopqrstuvwxyz0123456789',
  '00112233445566778899aabbccddeeff',
  'aabbccddeeffgghhiijjkkllmmnnooppqqrr',
  'abcdefgh12345678abcdefgh12345678',
  'deadbeefdeadbeefcafebabecafebabe',
  'the quick brown fox jumps over the lazy dog',
  'the-quick-brown-fox-jumps-over-the-lazy-dog-and-runs-from-the-big-wolf',
  'correct horse battery staple correct horse',
  'correcthorsebatterystaplemountainriver',
  'CorrectHorseBatteryStapleMountainRiver',
  'to be or not to be that is the question whether tis nobler in the mind',
  'lorem ipsum dolor sit amet consectetur adipiscing elit',
  'mysupersecretkeythatnobodywillguess',
  'a token secret for tests and nothing else',
  '请在部署到生产环境之前把这个密钥改成一个随机的字符串谢谢大家的配合',
  'измените-этот-ключ-перед-запуском-в-продакшен',
  'ｃｈａｎｇｅｍｅ-ｃｈａｎｇｅｍｅ-ｃｈａｎｇｅｍｅ-ｃｈａｎｇｅｍｅ',
];

t.test('production refuses secrets that people make up or copy', async (t) => {
  const production = { NODE_ENV: 'production', SECRET_KEY, JWT_SECRET };
  for (const weak of WEAK_SECRETS) {
    t.match(refusal(t, { ...production, SECRET_KEY: weak }), /^SECRET_KEY is too weak/, weak);
    for (const list of [weak, `${JWT_SECRET},${weak}`, `${weak}, ${JWT_SECRET}`]) {
      const message = refusal(t, { ...production, JWT_SECRET: list });
      t.match(message, /^JWT_SECRET is too weak: .*npm run cli -- generate-secret/, list);
      t.notOk(message.includes(weak), 'does not repeat it');
    }
  }
  // Elsewhere, only what is short or monotonous: nobody else reaches the service.
  t.equal(parseConfig({ SECRET_KEY: WEAK_SECRETS[0] ?? '' }).SECRET_KEY, WEAK_SECRETS[0]);
  t.match(refusal(t, { SECRET_KEY: 'ab'.repeat(40) }), /^SECRET_KEY is too weak/);
});

t.test('production refuses sentences, written in any usual way', async (t) => {
  const sentences: string[] = JSON.parse(
    readFileSync(join(projectRoot, 'test/fixtures/sentences.json'), 'utf8'),
  );
  const ways = [
    (text: string) => text,
    (text: string) => text.toUpperCase(),
    (text: string) => text.replaceAll(/[ ,']+/g, '-').toLowerCase(),
    (text: string) => text.replaceAll(/[ ,']+/g, '_'),
    (text: string) => text.replaceAll(/[ ,']+(.)/g, (_, letter) => letter.toUpperCase()),
    (text: string) => text.replaceAll(/[ ,']+/g, '').toLowerCase(),
  ];
  const problems = new Problems();
  for (const sentence of sentences) {
    for (const write of ways) {
      const secret = write(sentence);
      problems.unless(strengthOf(secret) < MIN_SECRET_BITS, `${strengthOf(secret)}: ${secret}`);
    }
  }
  problems.assertNone(t, 'sentences');
});

t.test('the strength of a sentence grows with its random part, without a leap', async (t) => {
  const random = new Random(7);
  const letters = () => String.fromCharCode(97 + random.int(0, 25));
  const sentence = 'slugsareuniqueamongpublishedpostssothatnobodycanf';
  const strengths = Array.from({ length: sentence.length + 1 }, (_, changed) =>
    strengthOf(`${Array.from({ length: changed }, letters).join('')}${sentence.slice(changed)}`),
  );
  const leaps = strengths.slice(1).map((each, at) => Math.abs(each - (strengths[at] ?? 0)));
  t.ok((strengths[0] ?? 0) < MIN_SECRET_BITS, `${strengths[0]} bits`);
  t.ok((strengths.at(-1) ?? 0) > 2 * MIN_SECRET_BITS, `${strengths.at(-1)} bits`);
  t.ok(Math.max(...leaps) < MIN_SECRET_BITS, `at most ${Math.max(...leaps)} bits by a letter`);
});

t.test('production accepts random texts of any alphabet', async (t) => {
  const lower = 'abcdefghijklmnopqrstuvwxyz';
  const mixed = `${lower}${lower.toUpperCase()}0123456789`;
  const random = new Random(20_261_129);
  const problems = new Problems();
  for (const [name, alphabet, length] of [
    ['letters', lower, 32],
    ['capitals', lower.toUpperCase(), 40],
    ['letters of both cases', mixed.slice(0, 52), 32],
    ['letters and digits', mixed, 32],
    ['hexadecimal', '0123456789abcdef', 32],
    ['hexadecimal', '0123456789abcdef', 64],
    ['base32', `${lower}234567`, 32],
    ['base64', `${mixed}+/`, 43],
    ['base64url', `${mixed}-_`, 43],
  ] as const) {
    for (let n = 0; n < 1000; n += 1) {
      const secret = Array.from({ length }, () => random.pick([...alphabet])).join('');
      const bits = strengthOf(secret);
      problems.unless(bits >= MIN_SECRET_BITS, `${name}: ${bits.toFixed()} bits: ${secret}`);
    }
  }
  problems.assertNone(t, 'random texts');
});

t.test('production accepts every generated secret', async (t) => {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3000; n += 1) least = Math.min(least, strengthOf(generateSecret()));
  t.comment(`the weakest of 3000 has ${least.toFixed()} bits`);
  t.ok(least > 2 * MIN_SECRET_BITS, `${least} bits: far above the limit`);
  const makers = {
    'openssl rand -hex 32': () => randomBytes(32).toString('hex').toUpperCase(),
    'openssl rand -base64 32': () => randomBytes(32).toString('base64'),
    'openssl rand -base64 48': () => randomBytes(48).toString('base64'),
    'token_urlsafe(32)': () => randomBytes(32).toString('base64url'),
    'two UUIDs': () => `${randomUUID()}${randomUUID()}`,
  };
  const problems = new Problems();
  for (const [name, make] of Object.entries(makers)) {
    for (let n = 0; n < 200; n += 1) {
      const secret = make();
      problems.unless(strengthOf(secret) >= MIN_SECRET_BITS, `${name}: ${secret}`);
    }
  }
  problems.assertNone(t, 'secrets of other programs');
  const config = parseConfig({ NODE_ENV: 'production', SECRET_KEY, JWT_SECRET });
  t.equal(config.SECRET_KEY, SECRET_KEY);
});

t.test('measures the strength of a secret of any length in bounded time', async (t) => {
  const time = (secret: string) => {
    const began = process.hrtime.bigint();
    strengthOf(secret);
    return Number(process.hrtime.bigint() - began);
  };
  const random = randomBytes(50_000).toString('base64');
  time(random);
  const [short, long] = [random.slice(0, 1000), random].map((secret) =>
    Math.min(...Array.from({ length: 5 }, () => time(secret))),
  );
  t.ok((long ?? 0) < 10 * (short ?? 0), `${short} and ${long} ns`);
});

/** The warnings of a production configuration, by the variable or command that they name. */
function productionWarnings(settings: Record<string, string>, circumstances = {}): string[] {
  const config = parseConfig({ NODE_ENV: 'production', SECRET_KEY, JWT_SECRET, ...settings });
  return findWarnings(config, {
    hasAdministrator: true,
    isProxySet: true,
    databasePassword: undefined,
    ...circumstances,
  });
}

const COMPLETE = {
  SMTP_URL: 'smtp://mail.example.com',
  DATABASE_URL: 'postgresql://althing@database/althing',
  CLIENT_URL: 'https://app.example.com',
  TRUST_PROXY: '1',
};

t.test('production names each thing that is missing', async (t) => {
  t.same(productionWarnings(COMPLETE), []);
  for (const [name, pattern] of [
    ['SMTP_URL', /^SMTP_URL is not set.*smtps:/],
    ['DATABASE_URL', /^DATABASE_URL is not set.*embedded.*postgresql:/],
    ['CLIENT_URL', /^CLIENT_URL is not set/],
    ['TRUST_PROXY', /plain HTTP.*TLS.*TRUST_PROXY/],
  ] as const) {
    const warnings = productionWarnings({ ...COMPLETE, [name]: '' });
    t.match(warnings, [pattern], name);
    t.equal(warnings.length, 1, name);
  }
  t.match(productionWarnings(COMPLETE, { hasAdministrator: false }), [
    /administrator.*npm run cli -- create-admin/,
  ]);
  t.match(productionWarnings({ ...COMPLETE, TRUST_PROXY: '' }, { isProxySet: false }), [
    /^TRUST_PROXY is not set/,
    /plain HTTP/,
  ]);
  t.match(productionWarnings({ ...COMPLETE, CLIENT_URL: 'http://app.example.com' }), [
    /^CLIENT_URL is a plain http URL.*https/,
  ]);
  t.same(productionWarnings({ ...COMPLETE, CLIENT_URL: 'http://localhost:3000' }), []);
});

t.test('production warns of passwords that are easy to guess', async (t) => {
  const weak = [
    'password',
    'postgres',
    '12345678',
    'Python@123',
    'pass',
    'change-this-before-production',
    'replace-with-strong-random-value',
    's3cret',
    'Welcome1!',
    'correct-horse',
    'qwerty123',
    'aaaaaaaaaaaaaaaa',
  ];
  const urls = {
    DATABASE_URL: (password: string) => `postgresql://althing:${password}@database/althing`,
    SMTP_URL: (password: string) => `smtps://althing:${password}@mail.example.com`,
    REDIS_URL: (password: string) => `redis://:${password}@redis`,
  };
  for (const [name, make] of Object.entries(urls)) {
    for (const password of weak) {
      const settings = { ...COMPLETE, [name]: make(encodeURIComponent(password)) };
      const warnings = productionWarnings(settings);
      t.match(warnings, [new RegExp(`^The password in ${name} is easy to guess`)], password);
      t.equal(warnings.length, 1);
      if (password.length > 8) t.notOk(String(warnings).includes(password), 'does not repeat it');
      t.same(findWarnings(parseConfig(settings), {} as never), [], 'not in development');
    }
    for (const password of [generateSecret(), randomBytes(18).toString('base64'), '']) {
      const settings = { ...COMPLETE, [name]: make(encodeURIComponent(password)) };
      t.same(productionWarnings(settings), []);
    }
  }
  t.match(productionWarnings(COMPLETE, { databasePassword: 'postgres' }), [/^PGPASSWORD is easy/]);
});

/** Sets the variables, and no others, while `work` runs. */
function withVariables<T>(variables: Record<string, string>, work: () => T): T {
  const before = process.env;
  process.env = variables;
  try {
    return work();
  } finally {
    process.env = before;
  }
}

t.test('names variables that look like ours but are misspelled', async (t) => {
  const misspelled: Record<string, string> = {
    DATABSE_URL: 'DATABASE_URL',
    DATABASE_URI: 'DATABASE_URL',
    DATABASEURL: 'DATABASE_URL',
    database_url: 'DATABASE_URL',
    Database_Url: 'DATABASE_URL',
    'database-url': 'DATABASE_URL',
    SECRETKEY: 'SECRET_KEY',
    SERCET_KEY: 'SECRET_KEY',
    SECRET_KEYS: 'SECRET_KEY',
    RATE_LIMTS: 'RATE_LIMIT',
    RATE_LIMITS: 'RATE_LIMIT',
    JWT_SECRTE: 'JWT_SECRET',
    APP_ENVV: 'APP_ENV',
    APPENV: 'APP_ENV',
    NODE_EVN: 'NODE_ENV',
    PROT: 'PORT',
    port: 'PORT',
    HOTS: 'HOST',
    TRUSTED_PROXY: 'TRUST_PROXY',
    ALTHING_DATABASE_URL: 'DATABASE_URL',
    ALTHING_PORT: 'PORT',
    ALTHING_RATE_LIMTS: 'RATE_LIMIT',
    ALTHING_ADMIN_PASWORD: 'ALTHING_ADMIN_PASSWORD',
  };
  for (const [name, meant] of Object.entries(misspelled)) {
    const found = withVariables({ [name]: 'hunter2' }, () => misspelledVariables('/nowhere'));
    t.same(found, [`${name} is not read (did you mean ${meant}?)`]);
  }
  t.same(
    withVariables({ ALTHING_COLOR: 'red', althing_mode: 'x' }, () =>
      misspelledVariables('/nowhere'),
    ),
    ['ALTHING_COLOR is not read', 'althing_mode is not read'],
  );
});

t.test('names no variable that belongs to others, or is set correctly', async (t) => {
  const foreign =
    `PATH HOME HOSTNAME HOSTTYPE LANG LC_ALL LOGNAME MAIL PWD OLDPWD SHELL SHLVL TERM TZ USER
    TMPDIR EDITOR DISPLAY NODE_ENV NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_V8_COVERAGE
    PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE PGSERVICE POSTGRES_PASSWORD POSTGRES_USER
    POSTGRES_DB DOCKER_HOST COMPOSE_PROJECT_NAME HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy
    no_proxy npm_config_loglevel npm_config_cache npm_package_version npm_lifecycle_event INIT_CWD
    XDG_DATA_DIRS XDG_DATA_HOME SSH_AUTH_SOCK KUBERNETES_PORT KUBERNETES_SERVICE_HOST
    KUBERNETES_SERVICE_PORT REDIS_PORT REDIS_HOST SMTP_HOST SMTP_USER DATABASE_USER DATABASE_NAME
    DATABASE_HOST DB_HOST DB_PORT APP_NAME APP_KEY CLIENT_ID DEBUG CI GITHUB_TOKEN AWS_SECRET_ACCESS_KEY
    UV_THREADPOOL_SIZE SSL_CERT_FILE FORCE_COLOR DYNO WEB_CONCURRENCY _ P A`.split(/\s+/);
  const set = Object.fromEntries(foreign.map((name) => [name, 'x']));
  const own = Object.fromEntries(Object.keys(ConfigSchema.properties).map((name) => [name, 'x']));
  const all = { ...set, ...own, ALTHING_ADMIN_PASSWORD: 'x', SECRETKEY: '' };
  t.same(
    withVariables(all, () => misspelledVariables('/nowhere')),
    [],
  );
});

t.test('names every unknown variable of .env', async (t) => {
  const file = join(temporaryDirectory(t), '.env');
  writeFileSync(
    file,
    'PORT=1\nFOO=1\nexport BAR="2"\n# BAZ=3\nDATABSE_URL=\nPGPASSWORD=x\nPOSTGRES_PASSWORD=x\nNODE_ENV=x\n',
  );
  t.same(withVariables({ FOO_OF_OTHERS: '1' }, () => misspelledVariables(file)).sort(), [
    'BAR is not read',
    'DATABSE_URL is not read (did you mean DATABASE_URL?)',
    'FOO is not read',
  ]);
  writeFileSync(
    file,
    Array.from({ length: 1000 }, (_, n) => `FOO_${n}${'X'.repeat(500)}=1\n`).join(''),
  );
  const found = withVariables({}, () => misspelledVariables(file));
  t.equal(found.length, 21);
  t.equal(found.at(-1), '980 more variables are not read either');
  t.ok(found.join().length < 3000);
});

t.test('a refusal names the misspelled variable that may be the reason', async (t) => {
  const message = refusal(t, { NODE_ENV: 'production', SECRETKEY: SECRET_KEY, JWT_SECRET });
  t.match(
    message,
    /^SECRET_KEY is missing: .*\. SECRETKEY is not read \(did you mean SECRET_KEY\?\)$/,
  );
  t.notOk(message.includes(SECRET_KEY));
});
