// Smoke test of `npm start` in a fresh checkout: no preparation, only npm, a socket and signals, as
// a user would run it. The details of responses are covered by the tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const BUILD_MS = 120_000;
const FIRST_START_MS = 10_000;
const RESTART_MS = 3_000;
const STOP_MS = 15_000;

const dataDirectory = mkdtempSync(join(tmpdir(), 'althing-smoke-'));
// If run by root, PostgreSQL runs under another account, which must be able to enter this
// directory.
chmodSync(dataDirectory, 0o711);
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;

const print = (line) => process.stdout.write(`${line}\n`);
const count = { total: 0, pass: 0 };

/**
 * Runs and counts one check. A failure does not stop the others, so one run shows every problem.
 */
async function check(name, work) {
  count.total += 1;
  try {
    const remark = await work();
    count.pass += 1;
    print(`ok ${count.total} - ${name}${remark === undefined ? '' : ` (${remark})`}`);
  } catch (error) {
    print(`not ok ${count.total} - ${name}\n  ${error.message.replaceAll('\n', '\n  ')}`);
  }
}

/** `npm start` in its own process group, so that remaining processes can be found and killed. */
class Service {
  output = '';
  #exit;

  constructor() {
    // An empty variable counts as not set, and overrides one in the checkout's .env.
    const settings = {
      NODE_ENV: '',
      APP_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDirectory,
      DATABASE_URL: '',
      SECRET_KEY: '',
      JWT_SECRET: '',
      DEMO_DATA: 'true',
      LOG_LEVEL: 'warn',
    };
    this.process = spawn(npm, ['start'], {
      cwd: root,
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
    }
    this.#exit = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => resolve({ code, signal }));
    });
  }

  get ended() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /**
   * Returns the milliseconds from the end of the build to a healthy response. The build has ended
   * when npm prints the start command.
   */
  async healthyAfter(limit) {
    await this.#until(() => /^> .*\n> (exec )?node /m.test(this.output), BUILD_MS, 'to be built');
    const begin = performance.now();
    await this.#until(isHealthy, limit, 'to answer /health');
    return performance.now() - begin;
  }

  async #until(condition, limit, what) {
    const deadline = performance.now() + limit;
    while (!(await condition())) {
      assert.ok(!this.ended, `it ended:\n${this.output}`);
      assert.ok(
        performance.now() < deadline,
        `${limit} ms were not enough ${what}:\n${this.output}`,
      );
      await sleep(20);
    }
  }

  /** Sends SIGTERM to npm only, not to its process group. */
  async stop() {
    const begin = performance.now();
    this.process.kill('SIGTERM');
    const exit = await Promise.race([this.#exit, sleep(STOP_MS, null, { ref: false })]);
    assert.ok(exit, `it still runs ${STOP_MS} ms after SIGTERM:\n${this.output}`);
    const left = processesLeft(this.process.pid);
    assert.deepEqual(left, [], `processes are left:\n${left.join('\n')}\n${this.output}`);
    await assert.rejects(fetch(`${origin}/health`), 'somebody still listens');
    return `${Math.round(performance.now() - begin)} ms, exit ${exit.signal ?? exit.code}`;
  }

  /** Kills all processes of this run, even after a failed check. */
  async end() {
    if (!this.ended) {
      this.process.kill('SIGTERM');
      await Promise.race([this.#exit, sleep(STOP_MS, null, { ref: false })]);
    }
    signal(-this.process.pid, 'SIGKILL');
    const postmaster = postmasterPid();
    if (postmaster !== null) signal(postmaster, 'SIGQUIT');
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // The process has already ended.
  }
}

function postmasterPid() {
  try {
    const file = join(dataDirectory, 'postgres', 'cluster', 'postmaster.pid');
    return Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  } catch {
    return null;
  }
}

/** Returns the processes of the group and, on Linux, those that refer to the data directory. */
function processesLeft(group) {
  const left = [];
  try {
    process.kill(-group, 0);
    left.push(`somebody of the process group ${group}`);
  } catch {
    // The group is empty.
  }
  const pids = process.platform === 'linux' ? readdirSync('/proc') : [];
  for (const pid of pids.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      const place = readlinkSync(`/proc/${pid}/cwd`);
      if ([command, environment, place].some((text) => text.includes(dataDirectory))) {
        left.push(`${pid} ${command}`);
      }
    } catch {
      // The process has ended, or belongs to another user.
    }
  }
  return left;
}

async function isHealthy() {
  try {
    return (await fetch(`${origin}/health`)).ok;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** An HTTP client with a cookie jar and, once fetched, the CSRF token. */
class Client {
  #cookies = new Map();
  #token;

  async send(method, path, { body, headers = {} } = {}) {
    const response = await fetch(`${origin}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#cookies.size === 0
          ? {}
          : { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') }),
        ...(this.#token === undefined ? {} : { 'x-csrf-token': this.#token }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.#cookies.set(name, value);
    }
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const json = isJson && text !== '' ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  }

  /** Sends a request and asserts the status. */
  async expect(status, method, path, options) {
    const answer = await this.send(method, path, options);
    assert.equal(answer.status, status, `${answer.status} ${answer.text.slice(0, 1000)}`);
    return answer;
  }

  async renewCsrfToken() {
    this.#token = undefined;
    const { json } = await this.expect(200, 'GET', '/api/v1/auth/csrf');
    assert.ok(json.csrf_token.length > 0);
    this.#token = json.csrf_token;
  }
}

const users = '/api/v1/users';
const anyone = new Client();
const admin = new Client();
const stayer = new Client();
const made = { etag: '', path: '', password: '' };

async function ask() {
  await check('a page of a list', async () => {
    const { json, headers } = await anyone.expect(200, 'GET', `${users}?page=1&size=5`);
    assert.equal(json.items.length, 5);
    assert.ok(json.total > 5 && json.has_next && !json.has_prev);
    assert.match(headers.get('link'), /rel="next"/);
  });
  await check('the list by cursor', async () => {
    const first = await anyone.expect(200, 'GET', `${users}?cursor=&size=5`);
    const cursor = encodeURIComponent(first.json.next_cursor);
    const { json } = await anyone.expect(200, 'GET', `${users}?cursor=${cursor}&size=5`);
    assert.ok(json.items[0].id > first.json.items.at(-1).id);
  });
  await check('one resource, and 304 for who has it', async () => {
    const { json, headers } = await anyone.expect(200, 'GET', `${users}/1`);
    assert.equal(json.id, 1);
    assert.equal('email' in json, false, 'the e-mail address is not for everyone');
    const etag = headers.get('etag');
    await anyone.expect(304, 'GET', `${users}/1`, { headers: { 'if-none-match': etag } });
  });
  await check('404', async () => {
    const { json } = await anyone.expect(404, 'GET', `${users}/2000000000`);
    assert.equal(json.code, 'not_found');
  });
  await check('422', async () => {
    const { json } = await anyone.expect(422, 'GET', `${users}/abc`);
    assert.deepEqual(json.detail[0].loc, ['path', 'id']);
    assert.equal(json.detail[0].type, 'int_parsing');
  });
  await check('405 with Allow', async () => {
    const { headers } = await anyone.expect(405, 'DELETE', users);
    assert.match(headers.get('allow'), /GET/);
  });
  await check('401 for who is not signed in', async () => {
    const { headers } = await anyone.expect(401, 'POST', users, { body: { username: 'nobody' } });
    assert.equal(headers.get('www-authenticate'), 'Bearer');
  });
  await check('readiness', async () => {
    const { json } = await anyone.expect(200, 'GET', '/ready');
    assert.deepEqual(json, { status: 'ready' });
  });
  for (const path of ['/docs', '/redoc']) {
    await check(`the page ${path} and what it loads`, async () => {
      const page = await documentAt(path);
      const assets = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, url]) => url);
      assert.ok(assets.length > 0, 'it loads nothing');
      for (const asset of assets.filter((url) => !url.startsWith('data:'))) {
        const { origin: from, pathname } = new URL(asset, page.url);
        assert.equal(from, origin, `${asset} comes from elsewhere`);
        await anyone.expect(200, 'GET', pathname);
      }
    });
  }
  await check('openapi.json is the committed contract', async () => {
    const { json } = await anyone.expect(200, 'GET', '/openapi.json');
    const committed = readFileSync(join(root, 'openapi/openapi.json'), 'utf8');
    assert.deepEqual(json, JSON.parse(committed.replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)));
  });
}

async function documentAt(path) {
  const answer = await anyone.send('GET', path);
  if (answer.status !== 301 && answer.status !== 302) {
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/html/);
    return { ...answer, url: `${origin}${path}` };
  }
  return documentAt(new URL(answer.headers.get('location'), `${origin}${path}`).pathname);
}

async function change() {
  await check('the wrong password is refused', async () => {
    const body = { username: 'admin', password: 'wrong' };
    await admin.expect(401, 'POST', '/api/v1/auth/login', { body });
  });
  await check('the printed password is right', async () => {
    for (const client of [admin, stayer]) await signIn(client);
  });
  await check('403 without the CSRF token', async () => {
    const { json } = await admin.expect(403, 'POST', users, { body: { username: 'nobody' } });
    assert.equal(json.code, 'csrf_failed');
  });
  await check('the CSRF token', () => admin.renewCsrfToken());
  await check('create, and once more under the same Idempotency-Key', async () => {
    const request = {
      body: { username: 'smoke', email: 'smoke@example.com', tags: ['test'] },
      headers: { 'idempotency-key': randomUUID() },
    };
    const first = await admin.expect(201, 'POST', users, request);
    made.path = first.headers.get('location');
    made.etag = first.headers.get('etag');
    const again = await admin.expect(201, 'POST', users, request);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.deepEqual(again.json, first.json);
  });
  await check('409 for a name that is taken', async () => {
    const { json } = await admin.expect(409, 'POST', users, { body: { username: 'SMOKE' } });
    assert.equal(json.code, 'duplicate');
  });
  await check('patch with If-Match', async () => {
    const { json, headers } = await admin.expect(200, 'PATCH', made.path, {
      body: { nickname: 'Smoke' },
      headers: { 'if-match': made.etag },
    });
    assert.equal(json.nickname, 'Smoke');
    assert.deepEqual(json.tags, ['test']);
    assert.notEqual(headers.get('etag'), made.etag);
  });
  await check('412 for a stale If-Match', async () => {
    const headers = { 'if-match': made.etag };
    await admin.expect(412, 'PATCH', made.path, { body: { nickname: 'Late' }, headers });
    const { json } = await admin.expect(200, 'GET', made.path);
    assert.equal(json.nickname, 'Smoke');
  });
  await check('create in bulk', async () => {
    const body = Array.from({ length: 100 }, (_, index) => ({ username: `smoke_${index}` }));
    const { json } = await admin.expect(201, 'POST', `${users}/bulk`, { body });
    assert.equal(json.created, 100);
  });
  await check('export as CSV and JSON', async () => {
    const csv = await admin.expect(200, 'GET', `${users}/export.csv`);
    const json = await admin.expect(200, 'GET', `${users}/export.json`);
    assert.match(csv.headers.get('content-type'), /^text\/csv/);
    assert.match(csv.text, /^\uFEFF?id,username,/);
    assert.equal(csv.text.trimEnd().split('\r\n').length - 1, json.json.length);
    assert.ok(json.json.some(({ username }) => username === 'smoke_99'));
  });
  await check('delete', async () => {
    await admin.expect(204, 'DELETE', made.path);
    await admin.expect(404, 'GET', made.path);
  });
  await check('sign out', async () => {
    await admin.expect(200, 'POST', '/api/v1/auth/logout');
    const { json } = await admin.expect(200, 'GET', '/api/v1/auth/session');
    assert.equal(json.status, 'not_logged_in');
  });
}

async function signIn(client) {
  const body = { username: 'admin', password: made.password };
  await client.expect(200, 'POST', '/api/v1/auth/login', { body });
}

async function run(service) {
  let healthy = false;
  await check(
    `npm start answers /health within ${FIRST_START_MS / 1000} s of its build`,
    async () => {
      const time = await service.healthyAfter(FIRST_START_MS);
      healthy = true;
      return `${Math.round(time)} ms`;
    },
  );
  if (!healthy) return;
  // The password is printed shortly after /health responds.
  for (let tries = 0; made.password === '' && tries < 100; tries += 1) {
    made.password = /with the password (\S+)/.exec(service.output)?.[1] ?? '';
    await sleep(20);
  }
  await ask();
  await change();
  await check('SIGTERM to npm ends all of it', () => service.stop());
}

async function runAgain(service) {
  let healthy = false;
  await check(`the next start answers within ${RESTART_MS / 1000} s of its build`, async () => {
    const time = await service.healthyAfter(RESTART_MS);
    healthy = true;
    return `${Math.round(time)} ms`;
  });
  if (!healthy) return;
  await check('the data is there, and no second password', async () => {
    const { json } = await anyone.expect(200, 'GET', `${users}?q=smoke_&size=1`);
    assert.equal(json.total, 100);
    assert.doesNotMatch(service.output, /with the password/);
    await signIn(admin);
  });
  await check('who was signed in still is', async () => {
    const { json } = await stayer.expect(200, 'GET', '/api/v1/auth/session');
    assert.deepEqual(json, { status: 'logged_in', username: 'admin' });
  });
  await check('SIGTERM ends it again', () => service.stop());
}

const before = performance.now();
for (const stage of [run, runAgain]) {
  const service = new Service();
  try {
    await stage(service);
  } finally {
    await service.end();
  }
}
rmSync(dataDirectory, { recursive: true, force: true });
// tap's summary format, so the same parser reads both.
print(`# { total: ${count.total}, pass: ${count.pass}, fail: ${count.total - count.pass} }`);
print(`# time=${Math.round(performance.now() - before)}ms`);
process.exitCode = count.pass === count.total ? 0 : 1;
