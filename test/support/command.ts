import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ConfigSchema } from '#app/config-schema.js';
import { projectRoot } from '#src/lib/project-root.js';

type Settings = Record<string, string>;

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The program, with its options, that runs a file of build/ in its own process. */
export const NODE = [
  process.execPath,
  '--conditions=althing-test',
  '--enable-source-maps',
] as const;

/** The program and arguments that run the command line, as `npm run cli --` does. */
export const COMMAND = [...NODE, join(projectRoot, 'build/app/cli/main.js')];

/**
 * Returns the environment of a child process. Settings that are not given are empty, which
 * overrides variables of the caller and of `.env`.
 */
export function environment(settings: Settings): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, NODE_V8_COVERAGE } = process.env;
  // Coverage includes the processes that tests start.
  const measured = NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE };
  const empty = Object.keys(ConfigSchema.properties).map((name) => [name, '']);
  return { PATH, HOME, TMPDIR, ...measured, ...Object.fromEntries(empty), ...settings };
}

export function start(args: string[], settings: Settings): ChildProcess {
  const [program = '', ...options] = COMMAND;
  return spawn(program, [...options, ...args], {
    cwd: projectRoot,
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => {
    outcome.stdout += text;
  });
  child.stderr?.on('data', (text) => {
    outcome.stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ ...outcome, code }));
  });
}

export function run(args: string[], settings: Settings = {}): Promise<Outcome> {
  return outcomeOf(start(args, settings));
}
