// tap is built with its plugins. A run finds out that `.taprc` wants others, but starts the tests of
// that very run as before: so it is built ahead, where it has not been.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const unwanted = readFileSync('.taprc', 'utf8').matchAll(/"!(@tapjs\/[\w-]+)"/g);
const built = readFileSync('node_modules/@tapjs/test/test-built/dist/esm/index.js', 'utf8');
if ([...unwanted].some(([, name]) => built.includes(`"${name}"`))) {
  execFileSync('npx', ['tap', 'build'], { stdio: 'inherit', shell: process.platform === 'win32' });
}
