import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { temporaryDirectory } from '#test/src/db/embedded/support.js';
import { createTestApp } from '#test/support/app.js';

const ERROR = '/api/v1/playground/error';

async function linesAfter(t: Test, file: string, urls: string[]) {
  const { app, client } = await createTestApp(t, { ERROR_LOG: file, PLAYGROUND: true });
  for (const url of urls) await client().get(url);
  await app.close();
  const text = readFileSync(file, 'utf8');
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
}

t.test('writes errors with their stacks to ERROR_LOG, whatever the level of the log', async (t) => {
  const file = join(temporaryDirectory(t), 'errors.log');
  const lines = await linesAfter(t, file, ['/health', ERROR, '/nowhere']);
  t.equal(lines.length, 1, 'errors only');
  t.match(lines[0], { level: 50, reqId: String, err: { stack: /\n {4}at .*playground/ } });
});

t.test('continues an existing file, and rotates it at its size', async (t) => {
  const folder = temporaryDirectory(t);
  const file = join(folder, 'errors.log');
  writeFileSync(file, `${JSON.stringify({ msg: 'earlier' })}\n`);
  t.match(await linesAfter(t, file, [ERROR]), [{ msg: 'earlier' }, { level: 50 }]);

  writeFileSync(file, `${'x'.repeat(10 * 1024 * 1024)}\n`);
  const lines = await linesAfter(t, file, [ERROR]);
  t.match(lines.at(-1), { level: 50 });
  t.equal(lines.length, 1);
  t.same(readdirSync(folder).sort(), ['errors.log', 'errors.log.1']);
});

t.test('does not start if the file cannot be written', async (t) => {
  const folder = temporaryDirectory(t);
  for (const file of [folder, join(folder, 'missing', 'errors.log'), '/proc/x/errors.log']) {
    await t.rejects(createTestApp(t, { ERROR_LOG: file }), {
      message: /^ERROR_LOG cannot be written: /,
    });
  }
});

t.test('only the owner can read the file', async (t) => {
  const file = join(temporaryDirectory(t), 'errors.log');
  await linesAfter(t, file, [ERROR]);
  t.equal(statSync(file).mode & 0o777, 0o600);
});
