import { execFile } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { projectRoot } from '#src/lib/project-root.js';

const SCRIPT = join(projectRoot, 'build/openapi/tools/diff.js');

function run(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

t.test('rejects a revision that does not exist, and an option of git', async (t) => {
  for (const args of [['no-such-revision'], ['--', '-p']]) {
    const { code, stdout, stderr } = await run(...args);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, /^error: [^\n]+\n$/);
  }
});

t.test('finds no breaking change in the contract since HEAD', async (t) => {
  const { code, stdout } = await run('HEAD', '--allow-breaking');
  t.equal(code, 0);
  t.match(stdout, /^Since HEAD: \d+ breaking changes, \d+ warnings$/m);
});

t.test('explains itself', async (t) => {
  const { code, stdout } = await run('--help');
  t.equal(code, 0);
  t.match(stdout, 'Usage: openapi:diff');
});
