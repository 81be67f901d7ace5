import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
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

/** Starts a program that logs to standard output. */
function start(program: string) {
  return spawn(
    process.execPath,
    [
      '--conditions=althing-test',
      '--input-type=module',
      '-e',
      `import pino from 'pino';
      import { loggingOf } from '#app/logger.js';
      const { stream } = loggingOf({ LOG_LEVEL: 'info' }).options;
      const log = pino({ base: null, timestamp: false }, stream);
      ${program}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
}

/** Returns what the program logs and its exit code. */
async function resultOf(child: ReturnType<typeof start>) {
  const [text, [code]] = await Promise.all([textOf(child.stdout), once(child, 'exit')]);
  const lines = text.trimEnd().split('\n');
  return { code, messages: lines.map((line) => JSON.parse(line).msg) };
}

const ENDS = {
  'process.exit(3)': 3,
  'setTimeout(() => process.exit(3), 5)': 3,
  'process.exitCode = 3': 3,
};

t.test('no line is lost, however the process ends', async (t) => {
  // The first fit into a pipe, the others do not.
  for (const count of [2000, 20_000]) {
    const numbers = Array.from({ length: count }, (_, index) => String(index));
    for (const [end, code] of Object.entries(ENDS)) {
      const program = `for (let n = 0; n < ${count}; n += 1) log.info(String(n)); ${end};`;
      const result = await resultOf(start(program));
      t.equal(result.code, code, end);
      t.equal(result.messages.join(), numbers.join(), `${count} lines, ${end}`);
    }
  }
  for (const [end, code] of Object.entries(ENDS)) {
    t.same(await resultOf(start(`log.info('only'); ${end};`)), { code, messages: ['only'] }, end);
  }
});

t.test('a single line does not wait for others', async (t) => {
  const { messages } = await resultOf(
    start(`
    log.info('first');
    // Nothing else is logged, and the process goes on.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);`),
  );
  t.same(messages, ['first']);
});

t.test('a reader that does not read delays the lines, not the process', async (t) => {
  const child = start(`
    let count = 0;
    const timer = setInterval(() => {
      for (let n = 0; n < 1000; n += 1) log.info(String(count++));
      if (count < 20_000) return;
      clearInterval(timer);
      console.error('goes on');
    }, 1);`);
  const [said] = await once(child.stderr, 'data');
  t.equal(String(said), 'goes on\n');
  const { messages } = await resultOf(child);
  t.equal(messages.join(), Array.from({ length: 20_000 }, (_, index) => index).join());
});

t.test(
  'keeps 8 MiB for a reader that does not read, and says once that lines are lost',
  async (t) => {
    const child = start(`
    const long = 'x'.repeat(100_000);
    for (let n = 0; n < 200; n += 1) log.info(long);
    log.info('short');`);
    const warnings = textOf(child.stderr);
    await once(child.stderr, 'data');
    const { messages } = await resultOf(child);
    t.ok(messages.length > 80 && messages.length < 90, `${messages.length} lines`);
    t.equal(messages.at(-1), 'short', 'a line that still fits');
    t.equal((await warnings).match(/Lines of the log are lost/g)?.length, 1);
  },
);

t.test('a process whose reader has ended goes on', async (t) => {
  const child = start(`
    setInterval(() => log.info('line'), 5);
    setTimeout(() => process.exit(3), 300);`);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = await once(child, 'exit');
  t.equal(code, 3);
});
