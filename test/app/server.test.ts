import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import { DEMO_ADMINISTRATOR, DEMO_USERS } from '#app/demo/demo-data.js';
import { generateSecret } from '#app/secrets.js';
import { startEmbeddedPostgres } from '#src/db/embedded/index.js';
import { projectRoot } from '#src/lib/project-root.js';
import {
  postmasterPid,
  query,
  temporaryDirectory,
  waitFor,
} from '#test/src/db/embedded/support.js';
import { environment, NODE, run } from '#test/support/command.js';
import { createTestDatabase } from '#test/support/database.js';
import { serverUrl } from '#test/support/server.js';

type Settings = Record<string, string>;

const SECRET_KEY = generateSecret();
const JWT_SECRET = generateSecret();

/** Runs the service as a process with exactly these settings, without `.env`. */
class Service {
  stdout = '';
  stderr = '';
  /** The exit code, or the name of the signal that ended the process. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;

  constructor(t: Test, settings: Settings, nodeOptions: string[] = []) {
    const [program, ...options] = NODE;
    const child = spawn(
      program,
      [...options, ...nodeOptions, join(projectRoot, 'build/app/server.js')],
      {
        cwd: projectRoot,
        env: environment({ PORT: '0', LOG_LEVEL: 'info', ...settings }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    child.stdout.on('data', (text) => {
      this.stdout += text;
    });
    child.stderr.on('data', (text) => {
      this.stderr += text;
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
    });
    t.teardown(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
  }

  /** Returns the URL of the service once it listens. */
  async origin(): Promise<string> {
    const ended = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    // The log line is the last one of a start, apart from the lines for people.
    await waitFor(() => /Althing {8}http:.*\n\n/s.test(this.stdout) || ended(), 120_000);
    const origin = /^ {2}Althing {8}(http:\/\/\S+)$/m.exec(this.stdout)?.[1];
    if (origin === undefined) throw new Error(`not started: ${this.stderr}`);
    return origin;
  }

  /** Returns the passwords printed so far. */
  passwords(): string[] {
    const pattern = /Sign in as admin with the password (\S+) \(shown only once\)/g;
    return [...`${this.stdout}${this.stderr}`.matchAll(pattern)].map((match) => match[1] ?? '');
  }

  /** Stops the service and returns the messages that it has logged at level warn. */
  async warnings(): Promise<string[]> {
    if ((await this.stop()) !== 0) throw new Error(`not stopped cleanly: ${this.stderr}`);
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { level: number; msg: string })
      .filter(({ level }) => level === 40)
      .map(({ msg }) => msg);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.signal(signal);
    return this.ended;
  }
}

/** Returns the headers that a browser sends after signing in. */
async function signIn(origin: string, password = ''): Promise<Record<string, string>> {
  const reply = await login(origin, password);
  if (reply.status !== 200) throw new Error(`could not sign in: ${reply.status}`);
  let cookie = cookiesOf(reply);
  const csrf = await fetch(`${origin}/api/v1/auth/csrf`, { headers: { cookie } });
  cookie = [cookie, cookiesOf(csrf)].join('; ');
  const { csrf_token } = (await csrf.json()) as { csrf_token: string };
  return { cookie, 'x-csrf-token': csrf_token, 'content-type': 'application/json' };
}

function login(origin: string, password = ''): Promise<Response> {
  return fetch(`${origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: DEMO_ADMINISTRATOR, password }),
  });
}

function cookiesOf(reply: Response): string {
  return reply.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

function createUser(origin: string, headers: Settings, username: string): Promise<Response> {
  const body = JSON.stringify({ username });
  return fetch(`${origin}/api/v1/users`, { method: 'POST', headers, body });
}

async function usernames(origin: string, headers: Settings): Promise<string[]> {
  const names: string[] = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const reply = await fetch(`${origin}/api/v1/users?size=100&page=${page}`, { headers });
    const body = (await reply.json()) as { pages: number; items: { username: string }[] };
    names.push(...body.items.map(({ username }) => username));
    pages = body.pages;
  }
  return names;
}

/** Locks the users table until it is released. */
async function lockUsers(t: Test, url: string, mode: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.teardown(() => client.end());
  await client.query(`begin; lock table users in ${mode} mode`);
  return {
    async waiters(count: number): Promise<void> {
      const sql = `select from pg_stat_activity
                   where wait_event_type = 'Lock' and datname = current_database()`;
      // Uses another connection, because within a transaction `pg_stat_activity` does not change.
      while ((await query(url, sql)).length !== count) await sleep(5);
    },
    release: () => client.query('rollback'),
  };
}

/** Returns the command lines of all processes that mention a path, such as PostgreSQL's. */
function processesOn(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(path));
}

t.test('embedded database', async (t) => {
  const DATA_DIR = join(temporaryDirectory(t), 'data');
  const cluster = join(DATA_DIR, 'postgres/cluster');
  let headers: Settings = {};

  await t.test('loads demo data on the first start and prints the credentials', async (t) => {
    const service = new Service(t, { DATA_DIR });
    const origin = await service.origin();
    t.equal((await fetch(`${origin}/docs`)).status, 200);
    t.match(service.stdout, `  documentation  ${origin}/docs\n`);
    t.match(service.stdout, '  log level      info\n');
    t.match(service.stdout, `  database       embedded, in ${DATA_DIR}\n`);

    const order = ['Creating the database in ', ' migrations …', 'Loading the demo data …'];
    const places = [...order, 'demo data loaded', '"listening"', '  Althing   ', '    curl '].map(
      (text) => service.stdout.indexOf(text),
    );
    t.ok(!places.includes(-1), 'says what it does');
    t.same(
      places,
      places.toSorted((a, b) => a - b),
      'loads the demo data before it listens',
    );
    for (const [, url = ''] of service.stdout.matchAll(/^ {4}curl "?([^"\n]+)"?$/gm)) {
      t.match(await (await fetch(url)).text(), /healthy|"items":\[\{/, url);
    }

    const passwords = service.passwords();
    t.equal(passwords.length, 1);
    t.match(passwords[0], /^[a-z]/i, 'no command reads it as an option');
    headers = await signIn(origin, passwords[0]);
    t.same(
      (await usernames(origin, headers)).sort(),
      [...DEMO_USERS.map(({ username }) => username), DEMO_ADMINISTRATOR].sort(),
    );
    t.equal((await createUser(origin, headers, 'kept')).status, 201);

    t.equal(await service.stop('SIGTERM'), 0);
    t.same(processesOn(DATA_DIR), []);
    t.equal(service.stdout.split(passwords[0] ?? '').length, 2, 'prints the password once');
    t.equal(service.stderr, '');
  });

  await t.test('keeps data and sessions on the second start and prints no password', async (t) => {
    const began = Date.now();
    const service = new Service(t, { DATA_DIR });
    const origin = await service.origin();
    t.comment(`started in ${Date.now() - began} ms`);
    t.same(service.passwords(), []);
    const session = await fetch(`${origin}/api/v1/auth/session`, { headers });
    t.same(await session.json(), { status: 'logged_in', username: DEMO_ADMINISTRATOR });
    t.equal((await usernames(origin, headers)).filter((name) => name === 'kept').length, 1);

    const rival = new Service(t, { DATA_DIR });
    t.equal(await rival.ended, 1);
    t.match(rival.stderr, /^Althing could not start: another process .* already uses .*\n$/);
    t.equal((await fetch(`${origin}/ready`)).status, 200, 'the first instance keeps running');

    // Like Ctrl-C under npm: the terminal signals the whole group, and npm signals once more.
    service.signal('SIGINT');
    await sleep(5);
    t.equal(await service.stop('SIGINT'), 0);
    t.same(processesOn(DATA_DIR), []);
    t.equal(service.stderr, '');
    t.equal(service.stdout.split('Althing is stopping').length, 2, 'says so once');
    t.notMatch(service.stdout, /Creating|migrations|Loading/, 'nothing of this on a later start');
  });

  await t.test('keeps every acknowledged write after kill -9 of all processes', async (t) => {
    const service = new Service(t, { DATA_DIR, RATE_LIMIT: '1000000' });
    const origin = await service.origin();
    const answered: string[] = [];
    async function write(writer: number): Promise<void> {
      for (let n = 1; ; n += 1) {
        const reply = await createUser(origin, headers, `writer${writer}_${n}`).catch(() => null);
        if (reply === null) return;
        if (reply.status === 201) answered.push(`writer${writer}_${n}`);
      }
    }
    const writers = [1, 2, 3, 4].map(write);
    await waitFor(() => answered.length >= 40);
    const postmaster = postmasterPid(cluster);
    if (postmaster === null) throw new Error('no database runs');
    process.kill(postmaster, 'SIGKILL');
    t.equal(await service.stop('SIGKILL'), 'SIGKILL');
    await Promise.all(writers);

    const next = new Service(t, { DATA_DIR });
    const names = new Set(await usernames(await next.origin(), headers));
    t.same(
      answered.filter((name) => !names.has(name)),
      [],
    );
    t.equal(await next.stop(), 0);
    t.same(processesOn(DATA_DIR), []);
  });
});

t.test('leaves no process behind when stopped during the first start', async (t) => {
  const DATA_DIR = join(temporaryDirectory(t), 'data');
  const moments = [join(DATA_DIR, 'postgres'), join(DATA_DIR, 'postgres/cluster/postmaster.pid')];
  for (const moment of moments) {
    const service = new Service(t, { DATA_DIR });
    await waitFor(() => existsSync(moment));
    t.equal(await service.stop(), 0);
    t.same(processesOn(DATA_DIR), []);
    t.equal(service.stderr, '');
    t.same(service.passwords(), []);
  }
  const service = new Service(t, { DATA_DIR });
  await service.origin();
  t.equal(service.passwords().length, 1, 'the password is printed by the next start');
  t.equal(await service.stop(), 0);
});

t.test('requests in flight', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const first = new Service(t, { DATABASE_URL, DATA_DIR: temporaryDirectory(t) });
  const [password] = await first.origin().then(() => first.passwords());

  async function stopWhileWaiting(t: Test, service: Service) {
    const lock = await lockUsers(t, DATABASE_URL, 'access exclusive');
    const origin = await service.origin();
    const request = login(origin, password).then(
      (reply) => reply.status,
      () => 'no answer',
    );
    await lock.waiters(1);
    service.signal('SIGTERM');
    const isOpen = () =>
      fetch(`${origin}/health`).then(
        (reply) => reply.ok,
        () => false,
      );
    while (await isOpen()) await sleep(5);
    return { request, release: lock.release };
  }

  await t.test('are answered while new connections are refused', async (t) => {
    const { request, release } = await stopWhileWaiting(t, first);
    await release();
    t.equal(await request, 200);
    t.equal(await first.ended, 0);
    t.equal(first.stderr, '');
  });

  await t.test('are aborted after SHUTDOWN_TIMEOUT', async (t) => {
    const settings = { DATABASE_URL, DATA_DIR: temporaryDirectory(t), SHUTDOWN_TIMEOUT: '5' };
    const service = new Service(t, settings);
    await service.origin();
    const began = Date.now();
    const { request } = await stopWhileWaiting(t, service);
    t.equal(await request, 'no answer');
    t.equal(await service.ended, 0);
    const took = Date.now() - began;
    t.ok(took > 4500, `stopped after ${took} ms: not before the time was over`);
    t.ok(took < 15_000, `stopped after ${took} ms: not long after`);
  });
});

t.test('creates the demo data once when two services start on one database', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const DATA_DIR = temporaryDirectory(t);
  const lock = await lockUsers(t, DATABASE_URL, 'share');
  const services = [1, 2].map(() => new Service(t, { DATABASE_URL, DATA_DIR }));
  // Both processes have seen an empty table and are about to write.
  await lock.waiters(2);
  await lock.release();
  const origins = await Promise.all(services.map((service) => service.origin()));
  const passwords = services.flatMap((service) => service.passwords());
  t.equal(passwords.length, 1);
  for (const origin of origins) {
    const headers = await signIn(origin, passwords[0]);
    t.equal((await usernames(origin, headers)).length, DEMO_USERS.length + 1);
  }
  t.same(await Promise.all(services.map((service) => service.stop())), [0, 0]);
});

for (const settings of [
  { APP_ENV: 'production', SECRET_KEY, JWT_SECRET },
  { DEMO_DATA: 'false' },
]) {
  t.test(`creates no demo data with ${Object.keys(settings)[0]}`, async (t) => {
    const DATABASE_URL = await createTestDatabase(t, 'template0');
    const service = new Service(t, { DATABASE_URL, DATA_DIR: temporaryDirectory(t), ...settings });
    t.equal((await fetch(`${await service.origin()}/ready`)).status, 200);
    t.same(service.passwords(), []);
    t.same(await query(DATABASE_URL, 'select username from users'), []);
    t.equal(await service.stop(), 0);
  });
}

t.test(
  'ends the process cleanly after an uncaught error and logs the error with its stack',
  async (t) => {
    const fault = `process.on('SIGWINCH', () => { throw new Error('a fault\\nof two lines') })`;
    const service = new Service(
      t,
      { DATABASE_URL: await createTestDatabase(t), DATA_DIR: temporaryDirectory(t) },
      ['--import', `data:text/javascript,${encodeURIComponent(fault)}`],
    );
    await service.origin();
    t.equal(await service.stop('SIGWINCH'), 1);
    t.equal(service.stderr, 'Althing stopped after an uncaught error: a fault of two lines\n');
    const last = JSON.parse(service.stdout.trim().split('\n').at(-1) ?? '');
    t.match(last, { level: 60, err: { stack: /a fault/ } });
  },
);

t.test('prints the password of the administrator although the port is busy', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'template0');
  const DATA_DIR = temporaryDirectory(t);
  const port = await busyPort(t);
  const service = new Service(t, { DATABASE_URL, DATA_DIR, PORT: String(port) });
  t.equal(await service.ended, 1);
  t.equal(
    service.stderr,
    `Althing could not start: Port ${port} of 127.0.0.1 is in use: stop the other program, or set PORT.\n`,
  );
  const [password] = service.passwords();
  const next = new Service(t, { DATABASE_URL, DATA_DIR });
  await signIn(await next.origin(), password);
  t.same(next.passwords(), [], 'shown only once');
  t.equal(await next.stop(), 0);
});

t.test('production logs at start what is missing, one line each', async (t) => {
  const DATABASE_URL = await createTestDatabase(t, 'template0');
  const settings = { APP_ENV: 'production', SECRET_KEY, JWT_SECRET, DATABASE_URL };
  const first = new Service(t, settings);
  t.equal((await fetch(`${await first.origin()}/ready`)).status, 200);
  const missing = await first.warnings();
  for (const pattern of [
    /^No administrator .*npm run cli -- create-admin/,
    /^SMTP_URL is not set/,
    /^CLIENT_URL is not set/,
    /^TRUST_PROXY is not set/,
    /plain HTTP.*TLS.*TRUST_PROXY/,
  ]) {
    t.equal(missing.filter((each) => pattern.test(each)).length, 1, `${pattern}`);
  }
  t.equal(missing.length, 5);
  t.notMatch(`${first.stdout}${first.stderr}`, new RegExp(`${SECRET_KEY}|${JWT_SECRET}`));
  t.equal(first.stderr, '');

  const admin = await run(['create-admin', 'root'], {
    ...settings,
    ALTHING_ADMIN_PASSWORD: 'Correct-Horse-9',
  });
  t.equal(admin.code, 0, admin.stderr);
  const second = new Service(t, {
    ...settings,
    SMTP_URL: 'smtp://:changeme@mail.example.com',
    CLIENT_URL: 'https://app.example.com',
    TRUST_PROXY: '1',
    RATE_LIMTS: '5',
  });
  await second.origin();
  const left = await second.warnings();
  t.match(left, [
    /^RATE_LIMTS is not read \(did you mean RATE_LIMIT\?\)$/,
    /^The password in SMTP_URL is easy to guess/,
  ]);
  t.equal(left.length, 2);
});

t.test('production warns of the embedded database', async (t) => {
  const DATA_DIR = join(temporaryDirectory(t), 'data');
  const service = new Service(t, { APP_ENV: 'production', SECRET_KEY, JWT_SECRET, DATA_DIR });
  await service.origin();
  const warnings = await service.warnings();
  t.equal(warnings.filter((each) => /^DATABASE_URL is not set/.test(each)).length, 1);
});

t.test('development warns if other machines can reach it', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const settings = { DATABASE_URL, DATA_DIR: temporaryDirectory(t) };
  const quiet = new Service(t, { ...settings, HOST: 'localhost' });
  await quiet.origin();
  t.same(await quiet.warnings(), []);

  // A spelling of 127.0.0.1 that only the system resolves, so it counts as another address.
  const open = { ...settings, HOST: '127.1' };
  const refused = new Service(t, open);
  t.equal(await refused.ended, 1);
  const allowed = new Service(t, { ...open, ALLOW_NETWORK_DEVELOPMENT: 'true' });
  await allowed.origin();
  const warnings = await allowed.warnings();
  t.match(warnings, [/HOST=127\.1.*demo data.*secrets.*\/dev\/mail/]);
  t.equal(warnings.length, 1);
});

t.test('names no documentation if there is none', async (t) => {
  const DATABASE_URL = await createTestDatabase(t);
  const settings = { DATABASE_URL, DATA_DIR: temporaryDirectory(t), DOCS: 'false' };
  const service = new Service(t, settings);
  const origin = await service.origin();
  t.notMatch(service.stdout, /documentation/);
  t.equal((await fetch(`${origin}/docs`)).status, 404);
  t.equal((await fetch(origin)).status, 200, 'the start page leads somewhere');
  t.equal(await service.stop(), 0);
});

t.test('reports a problem in one line and does not start', async (t) => {
  const DATA_DIR = temporaryDirectory(t);
  const damaged = temporaryDirectory(t);
  writeFileSync(join(damaged, 'secret-key'), '');
  const DATABASE_URL = await createTestDatabase(t);
  const closed = await closedPort();
  const guarded = await guardedDatabase(t);
  const silent = await silentPort(t);

  const cases: [settings: Settings, reason: RegExp, secret?: string][] = [
    [
      { PORT: 'abc', DB_POOL_MAX: '0' },
      /: PORT: Input should be a valid integer.*\. DB_POOL_MAX: /,
    ],
    [{ DATABASE_URL: 'nonsense-s3cret' }, /: DATABASE_URL is not a PostgreSQL URL/, 's3cret'],
    [{ APP_ENV: 'production' }, /: SECRET_KEY is missing/],
    [{ SECRET_KEY: 'hunter2' }, /: SECRET_KEY is too weak/, 'hunter2'],
    [{ DATABASE_URL, DATA_DIR: damaged }, /secret-key is damaged: remove it/],
    [
      { APP_ENV: 'production', SECRET_KEY: 'changeme-'.repeat(8), JWT_SECRET },
      /: SECRET_KEY is too weak: .*generate-secret/,
      'changeme',
    ],
    [
      { APP_ENV: 'production', SECRETKEY: SECRET_KEY, JWT_SECRET },
      /: SECRET_KEY is missing: .*SECRETKEY is not read \(did you mean SECRET_KEY\?\)/,
      SECRET_KEY,
    ],
    [
      { DATABASE_URL, HOST: '0.0.0.0' },
      /: HOST lets other machines.*APP_ENV=production.*ALLOW_NETWORK_DEVELOPMENT=true/,
    ],
    [
      { DATABASE_URL, APP_ENV: 'testing', HOST: '::' },
      /: HOST lets other machines.*APP_ENV=production.*ALLOW_NETWORK_DEVELOPMENT=true/,
    ],
    [
      { DATABASE_URL: serverUrl('althing_test_none'), DB_CONECT_TIMEOUT: '1' },
      /: The database "althing_test_none".* DB_CONECT_TIMEOUT is not read \(did you mean DB_CONNECT_TIMEOUT\?\)\./,
    ],
    [
      { DATABASE_URL, HOST: '203.0.113.7', ALLOW_NETWORK_DEVELOPMENT: 'true' },
      /: 203\.0\.113\.7 is not an address of this machine: correct HOST/,
    ],
    [
      { DATABASE_URL: `postgresql://me:s3cret@127.0.0.1:${closed}/db` },
      new RegExp(`: The database at 127.0.0.1:${closed} is not reachable: start it`),
      's3cret',
    ],
    [
      { DATABASE_URL: `postgresql://me:s3cret@127.0.0.1:${silent}/db` },
      /: The database does not respond in time/,
      's3cret',
    ],
    [{ DATABASE_URL: serverUrl('althing_test_none') }, /: The database "althing_test_none" does/],
    [{ DATABASE_URL: guarded('s3cret') }, /: The database refused the login .*"guarded"/, 's3cret'],
    [{ DATABASE_URL: guarded('') }, /: The database (requires a password|refused the login)/],
  ];

  async function check([settings, reason, secret]: (typeof cases)[number]): Promise<void> {
    const label = JSON.stringify(settings);
    const service = new Service(t, { DATA_DIR, DEMO_DATA: 'false', ...settings });
    t.equal(await service.ended, 1, `${label}: it ends by itself`);
    t.match(service.stderr, reason, label);
    t.match(service.stderr, /^Althing could not start: [^\n]+\n$/, `${label}: one line`);
    t.notMatch(service.stderr, /\bat \S+ \(|node:/, `${label}: no stack`);
    t.equal(service.stdout, '', label);
    if (secret !== undefined) t.notOk(service.stderr.includes(secret), `${label}: no secret`);
  }

  async function checkNext(): Promise<void> {
    for (let next = cases.shift(); next !== undefined; next = cases.shift()) await check(next);
  }
  await Promise.all([checkNext(), checkNext()]);
  t.notOk(existsSync(join(DATA_DIR, 'postgres')), 'no database was created');
});

async function listenOn(handler: () => void): Promise<{ port: number; close: () => void }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function busyPort(t: Test): Promise<number> {
  const { port, close } = await listenOn(() => {});
  t.teardown(close);
  return port;
}

/** Accepts connections and never answers. */
const silentPort = busyPort;

async function closedPort(): Promise<number> {
  const { port, close } = await listenOn(() => {});
  close();
  return port;
}

/** Prepares a server with a user `guarded` who needs a password; returns its URL. */
async function guardedDatabase(t: Test): Promise<(password: string) => string> {
  const dataDirectory = join(temporaryDirectory(t), 'data');
  mkdirSync(dataDirectory);
  const server = await startEmbeddedPostgres({ dataDirectory, durable: false });
  t.teardown(() => server.stop());
  const rules = 'local all althing trust\nlocal all all scram-sha-256\n';
  writeFileSync(join(dataDirectory, 'cluster/pg_hba.conf'), rules);
  await query(server.url, `create role guarded login password 'right'`);
  await query(server.url, 'select pg_reload_conf()');
  return (password) => {
    const url = new URL(server.url);
    url.username = 'guarded';
    url.password = password;
    return url.href;
  };
}
