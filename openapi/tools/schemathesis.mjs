// Sends generated requests to the built service with Schemathesis, with all checks, as an anonymous
// client, an author and an administrator; run `npm run build` first. The exceptions stand in
// `schemathesis.toml`, each with its reason. Takes Schemathesis from Python's package index.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, startService } from './service.mjs';

const VERSION = '4.32.5';
const PASSWORD = 'Cedar-Lantern-42';

/** Operations that end the session or the account with which they are called. */
const ENDS_SESSION = [
  'auth-logout',
  'me-delete',
  'passwords-change',
  'sessions-end',
  'sessions-end-others',
  'tokens-revoke',
];

const environment = join(root, 'node_modules/.cache/schemathesis', VERSION);
const program = join(environment, 'bin/schemathesis');
const print = (line) => process.stdout.write(`${line}\n`);

if (!install()) {
  print(`Skipped: schemathesis ${VERSION} needs Python 3.10 or newer with venv, and its index.`);
  process.exit(0);
}
const examples = process.argv[2] ?? '20';
const service = await startService({
  RATE_LIMIT: '10000000',
  LOGIN_RATE_LIMIT: '10000000',
  COMMENT_RATE_LIMIT: '10000000',
  ARTICLE_RATE_LIMIT: '10000000',
  LOGIN_ATTEMPTS: '1000000',
  LOGIN_ATTEMPTS_PER_ADDRESS: '1000000',
});
let failures = 0;
try {
  const administrator = await signIn('admin', service.password);
  await ask('/users', administrator, { username: 'fuzzed_author', password: PASSWORD });
  const author = await signIn('fuzzed_author', PASSWORD);
  for (const [caller, token] of Object.entries({ anonymous: null, author, administrator })) {
    if (!run(caller, token)) failures += 1;
  }
} finally {
  await service.stop();
}
print(`# { total: 3, pass: ${3 - failures}, fail: ${failures} }`);
process.exitCode = failures === 0 ? 0 : 1;

function install() {
  if (existsSync(program)) return true;
  mkdirSync(environment, { recursive: true });
  const steps = [
    ['python3', '-m', 'venv', environment],
    [join(environment, 'bin/pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ];
  return steps.every(([command, ...args]) => spawnSync(command, args).status === 0);
}

function run(caller, token) {
  print(`# ${caller}`);
  const excluded = token === null ? [] : ENDS_SESSION;
  const { status } = spawnSync(
    program,
    [
      ...['--config-file', 'openapi/tools/schemathesis.toml'],
      ...['run', `${service.origin}/openapi.json`, '--url', service.origin],
      // All checks are on by default; naming them here would override the exceptions.
      ...['--phases', 'examples,coverage,fuzzing'],
      ...['--max-examples', examples, '--seed', '1', '--no-color'],
      // The playground has operations that fail by design.
      ...['--exclude-path-regex', 'playground'],
      ...excluded.flatMap((id) => ['--exclude-operation-id', id]),
      ...(token === null ? [] : ['-H', `Authorization: Bearer ${token}`]),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  return status === 0;
}

async function signIn(username, password) {
  const response = await fetch(`${service.origin}/api/v1/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({ username, password }),
  });
  const { access_token: token } = await response.json();
  if (token === undefined) throw new Error(`${username} cannot sign in: ${response.status}`);
  return token;
}

async function ask(path, token, body) {
  const response = await fetch(`${service.origin}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
