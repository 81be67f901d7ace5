// Builds tap ahead of the test run, unless it is already built without the plugins that `.taprc`
// excludes. tap itself notices the difference, but still starts the current run's tests with the
// old build.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const unwanted = readFileSync('.taprc', 'utf8').matchAll(/"!(@tapjs\/[\w-]+)"/g);
const built = readFileSync('node_modules/@tapjs/test/test-built/dist/esm/index.js', 'utf8');
if ([...unwanted].some(([, name]) => built.includes(`"${name}"`))) {
  execFileSync('npx', ['tap', 'build'], { stdio: 'inherit', shell: process.platform === 'win32' });
}
