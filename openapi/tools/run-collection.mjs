// Runs the Postman collection against a freshly built and seeded service; run `npm run build`
// first. The service uses its own database and port, both removed afterwards.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import newman from 'newman';

const root = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 30_000;
const STOP_MS = 15_000;

const print = (line) => process.stdout.write(`${line}\n`);
const dataDirectory = mkdtempSync(join(tmpdir(), 'althing-newman-'));
// If run by root, PostgreSQL runs under another account, which must be able to enter this
// directory.
chmodSync(dataDirectory, 0o711);
const begin = performance.now();
const port = await freePort();
const service = startService();
const count = { total: 0, pass: 0 };

try {
  const password = await printedPassword();
  const { run } = await runCollection(password);
  for (const execution of run.executions) report(execution);
  for (const { error, source } of run.failures) {
    if (error.name !== 'AssertionError') check(`${source?.name}: ${error.name}`, error);
  }
} catch (error) {
  check('the run comes to its end', error);
} finally {
  await stopService();
  rmSync(dataDirectory, { recursive: true, force: true });
}
// tap's summary format, so the same parser reads both.
print(`# { total: ${count.total}, pass: ${count.pass}, fail: ${count.total - count.pass} }`);
print(`# time=${Math.round(performance.now() - begin)}ms`);
process.exitCode = count.total > 0 && count.pass === count.total ? 0 : 1;

function startService() {
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
    PLAYGROUND: '',
    PLAYGROUND_UPSTREAM_URL: '',
    LOG_LEVEL: 'warn',
  };
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/app/server.js'], {
    cwd: root,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      started.output += text;
    });
  }
  return started;
}

function hasEnded() {
  return service.child.exitCode !== null || service.child.signalCode !== null;
}

/** Waits for the administrator's password, which the service prints once it is ready. */
async function printedPassword() {
  for (const deadline = performance.now() + START_MS; performance.now() < deadline; ) {
    const password = /with the password (\S+)/.exec(service.output)?.[1];
    if (password !== undefined) return password;
    if (hasEnded()) break;
    await sleep(50);
  }
  throw new Error(`The service did not start:\n${service.output}`);
}

/** Stops the service with SIGTERM, which also stops its database. */
async function stopService() {
  service.child.kill('SIGTERM');
  const deadline = performance.now() + STOP_MS;
  while (!hasEnded() && performance.now() < deadline) await sleep(50);
  if (hasEnded()) return;
  service.child.kill('SIGKILL');
  check('the service stops', new Error(`it still runs ${STOP_MS} ms after SIGTERM`));
}

function runCollection(password) {
  const openapi = join(root, 'openapi');
  const options = {
    collection: JSON.parse(readFileSync(join(openapi, 'postman_collection.json'), 'utf8')),
    // Files that a request uploads are relative to this directory.
    workingDir: openapi,
    reporters: [],
    timeoutRequest: 30_000,
    envVar: [
      { key: 'baseUrl', value: `http://127.0.0.1:${port}` },
      { key: 'password', value: password },
    ],
  };
  return new Promise((resolve, reject) => {
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary)));
  });
}

function report({ item, request, response, assertions = [] }) {
  const answer = `${request.method} ${request.url.getPath()} ${response?.code}`;
  if (assertions.length === 0) check(item.name, new Error(`${answer}: nothing was checked`));
  for (const { assertion, error } of assertions) {
    const body = response?.stream?.toString().slice(0, 500);
    check(assertion, error && new Error(`${answer}: ${error.message}\n${body}`));
  }
}

function check(name, error) {
  count.total += 1;
  if (error === undefined || error === null) {
    count.pass += 1;
    print(`ok ${count.total} - ${name}`);
  } else {
    print(`not ok ${count.total} - ${name}\n  ${error.message.replaceAll('\n', '\n  ')}`);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}
