import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';

/** How a contender is started. */
export interface Program {
  /** The name in tables. */
  name: string;
  /** The description in tables. */
  title: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** The file without which it cannot run, and how to get it. */
  needs?: { path: string; hint: string };
}

const PEERS = 'bench/peers';
const VENV = join(PEERS, '.venv/bin');

const INSTALL = '`npm run bench:install`';
const INSTALL_PYTHON =
  `\`python3 -m venv ${PEERS}/.venv && ` +
  `${PEERS}/.venv/bin/pip install -r ${PEERS}/requirements.txt\` with Python 3.11 or newer`;

/** Secrets of the service and of the peers that check its tokens. */
const SECRETS = {
  SECRET_KEY: 'k7Qz-93nLwVt2xRb8sYdF4mHc6Jp0aGe',
  JWT_SECRET: 'u5Ew-71vBnMq8zTy3kXoC2rPd9Lf4hSi',
};

/** Limits that count every request, and refuse none. */
const NO_LIMIT = '1000000000';
const NO_THROTTLE = '1000000';

/** The service as in production: compiled, with access log and all limits. */
export const SERVICE: Program = {
  name: 'service',
  title: 'Althing as in production',
  command: process.execPath,
  // As in the script `start`.
  args: ['--enable-source-maps', '--max-semi-space-size=4', 'dist/app/server.js'],
  env: {
    APP_ENV: 'production',
    LOG_LEVEL: 'info',
    ...SECRETS,
    RATE_LIMIT: NO_LIMIT,
    LOGIN_RATE_LIMIT: NO_LIMIT,
    COMMENT_RATE_LIMIT: NO_LIMIT,
    ARTICLE_RATE_LIMIT: NO_LIMIT,
    LOGIN_ATTEMPTS: NO_THROTTLE,
    LOGIN_ATTEMPTS_PER_ADDRESS: NO_THROTTLE,
  },
};

/** The reference of all ratios. */
export const REFERENCE: Program = {
  name: 'L1',
  title: '`node:http` and `pg` by hand',
  command: process.execPath,
  args: [`${PEERS}/node-http/server.mjs`],
  env: SECRETS,
};

/** All other peers. */
export const PEER_PROGRAMS: readonly Program[] = [
  {
    name: 'fastify',
    title: 'Fastify with Ajv and `pg`',
    command: process.execPath,
    args: [`${PEERS}/fastify/server.mjs`],
    env: SECRETS,
  },
  {
    name: 'express',
    title: 'Express 5 with zod and `pg`',
    command: process.execPath,
    args: [`${PEERS}/express/server.mjs`],
    env: SECRETS,
    needs: { path: `${PEERS}/node_modules/express`, hint: INSTALL },
  },
  {
    name: 'fastapi',
    title: 'FastAPI with asyncpg, on uvicorn with uvloop and httptools',
    command: 'sh',
    args: [
      '-c',
      `exec ${VENV}/uvicorn fastapi_server:app --app-dir ${PEERS}/python --port "$PORT" ` +
        '--loop uvloop --http httptools --no-access-log --log-level warning ' +
        '--timeout-keep-alive 72',
    ],
    env: SECRETS,
    needs: { path: `${VENV}/uvicorn`, hint: INSTALL_PYTHON },
  },
  {
    name: 'flask',
    title: 'Flask with psycopg 3, on gunicorn with 16 threads',
    command: 'sh',
    args: [
      '-c',
      `exec ${VENV}/gunicorn flask_server:app --pythonpath ${PEERS}/python ` +
        '--bind "127.0.0.1:$PORT" --workers 1 --worker-class gthread --threads 16 ' +
        '--worker-connections 100 --keep-alive 72 --log-level warning',
    ],
    env: SECRETS,
    needs: { path: `${VENV}/gunicorn`, hint: INSTALL_PYTHON },
  },
];

/** Returns the programs that can run; prints how to install the others. */
export function installed(programs: readonly Program[]): Program[] {
  return programs.filter(({ name, needs }) => {
    if (needs === undefined || existsSync(join(projectRoot, needs.path))) return true;
    console.log(`${name} is skipped; install it with ${needs.hint}`);
    return false;
  });
}
