import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { projectRoot } from '#src/lib/project-root.js';
import type { LiveService } from './operations.js';

const run = promisify(execFile);

/** The version that Althing follows; its other packages are the newest that it admits. */
const PACKAGES = ['fastapi==0.165.0', 'uvicorn', 'email-validator', 'python-multipart'];

/** Since this version, Python names a trailing comma in JSON. */
const WANTED = [3, 13];
const OLDEST = [3, 10];

/** The live comparison cannot run here; the message says why. */
export class Unavailable extends Error {}

export interface Python {
  path: string;
  /** `3.13.0`. */
  version: string;
  hasTrailingComma: boolean;
}

const isAtLeast = (version: readonly number[], [major = 0, minor = 0]: readonly number[]) =>
  (version[0] ?? 0) > major || (version[0] === major && (version[1] ?? 0) >= minor);

/**
 * Finds Python: the one in `PYTHON`, otherwise the first of 3.13 or newer, otherwise the newest.
 *
 * @throws Unavailable without Python 3.10 or newer
 */
export async function findPython(): Promise<Python> {
  const pyenv = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(pyenv) ? readdirSync(pyenv).reverse() : [];
  const given = process.env['PYTHON'];
  const candidates =
    given === undefined
      ? [
          ...['python3', 'python3.14', 'python3.13', 'python'],
          ...installed.map((name) => join(pyenv, name, 'bin', 'python3')),
        ]
      : [given];
  let best: { path: string; numbers: number[] } | undefined;
  for (const path of candidates) {
    const text = await run(path, ['-c', 'import sys; print(*sys.version_info[:3])']).then(
      ({ stdout }) => stdout,
      () => '',
    );
    const numbers = text.trim().split(' ').map(Number);
    if (!isAtLeast(numbers, OLDEST)) continue;
    if (best === undefined || !isAtLeast(best.numbers, numbers)) best = { path, numbers };
    if (isAtLeast(numbers, WANTED)) break;
  }
  if (best === undefined) throw new Unavailable('there is no Python 3.10 or newer');
  return {
    path: best.path,
    version: best.numbers.join('.'),
    hasTrailingComma: isAtLeast(best.numbers, WANTED),
  };
}

/**
 * Returns the Python of a virtual environment with FastAPI, which is made on the first call and
 * kept in the folder for temporary files.
 *
 * @throws Unavailable if the packages cannot be installed
 */
export async function prepareEnvironment(python: Python): Promise<string> {
  const folder = join(
    tmpdir(),
    `althing-conformance-${PACKAGES[0]?.split('==')[1]}-${python.version}`,
  );
  const own = join(folder, 'bin', 'python');
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return own;
  rmSync(folder, { recursive: true, force: true });
  try {
    await run(python.path, ['-m', 'venv', folder]);
    await run(own, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], { timeout: 300_000 });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) ?? '';
    throw new Unavailable(`FastAPI cannot be installed (${reason.slice(0, 200)})`);
  }
  writeFileSync(ready, '');
  return own;
}

/** A FastAPI service as a process. */
export interface FastApi {
  port: number;
  versions: string;
  stop: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts FastAPI with the operations, on the loopback interface. */
export async function startFastApi(python: string, service: LiveService): Promise<FastApi> {
  const folder = mkdtempSync(join(tmpdir(), 'althing-conformance-'));
  const spec = join(folder, 'service.json');
  writeFileSync(spec, JSON.stringify(service));
  const port = await freePort();
  const script = join(projectRoot, 'test/conformance/live/service.py');
  const child = spawn(python, ['-B', script, spec, String(port)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = () => child.kill('SIGKILL');
  process.once('exit', interrupted);
  try {
    await waitFor(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  const code =
    'import fastapi, pydantic, starlette; print(fastapi.__version__, pydantic.VERSION, starlette.__version__)';
  const { stdout } = await run(python, ['-c', code]);
  const [fastapi, pydantic, starlette] = stdout.trim().split(' ');
  return {
    port,
    versions: `FastAPI ${fastapi}, pydantic ${pydantic}, Starlette ${starlette}`,
    stop,
  };
}

async function waitFor(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (child.exitCode !== null) throw new Error('FastAPI has not started');
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(100);
  }
  throw new Error('FastAPI does not answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}
