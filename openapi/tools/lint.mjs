// Runs both linters on the contract. The second one runs even if the first has failed, so one run
// shows every problem.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const DOCUMENT = '../openapi.json';

const linters = [
  ['redocly', 'lint', DOCUMENT, '--config', 'redocly.yaml', '--max-problems', '1000'],
  ['spectral', 'lint', DOCUMENT, '--ruleset', 'spectral.yaml', '--fail-severity', 'hint'],
];

// No telemetry or update check: linting a file needs no network.
const env = {
  ...process.env,
  REDOCLY_TELEMETRY: 'off',
  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
};

for (const [name, ...args] of linters) {
  process.stdout.write(`\n${name}:\n`);
  const command = `${here}node_modules/.bin/${name}`;
  const { status, error } = spawnSync(command, args, { cwd: here, env, stdio: 'inherit' });
  if (error !== undefined) {
    process.stdout.write(`${error.message}: npm run contract:install installs it.\n`);
  }
  if (status !== 0) process.exitCode = 1;
}
