// Runs both linters on the contract, and Spectral on the AsyncAPI document. Each runs even if another
// has failed, so one run shows every problem.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const DOCUMENT = '../openapi.json';
const MESSAGES = '../asyncapi.json';

const linters = [
  ['redocly', 'lint', DOCUMENT, '--config', 'redocly.yaml', '--max-problems', '1000'],
  spectral(DOCUMENT, 'spectral.yaml'),
  spectral(MESSAGES, 'spectral-asyncapi.yaml'),
];

// No telemetry or update check: linting a file needs no network.
const env = {
  ...process.env,
  REDOCLY_TELEMETRY: 'off',
  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
};

for (const [name, ...args] of linters) {
  process.stdout.write(`\n${name} ${args[1]}:\n`);
  const command = `${here}node_modules/.bin/${name}`;
  const { status, error } = spawnSync(command, args, { cwd: here, env, stdio: 'inherit' });
  if (error !== undefined) {
    process.stdout.write(`${error.message}: npm run contract:install installs it.\n`);
  }
  if (status !== 0) process.exitCode = 1;
}

function spectral(document, ruleset) {
  return ['spectral', 'lint', document, '--ruleset', ruleset, '--fail-severity', 'hint'];
}
