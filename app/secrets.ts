import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';
import { ConfigError } from './config.js';
import { MIN_SECRET_LENGTH } from './config-problems.js';

/** Returns 256 random bits as 64 hexadecimal digits. */
export function generateSecret(): string {
  return randomBytes(32).toString('hex');
}

/** The signing secrets. Of the token secrets the first signs and all verify. */
export interface Secrets {
  secretKey: string;
  tokenSecrets: string[];
}

/**
 * Returns `SECRET_KEY` and `JWT_SECRET`. Outside production, missing ones are generated once and
 * stored under `DATA_DIR`, so that sessions and tokens survive a restart.
 *
 * @throws ConfigError if a stored secret is damaged
 */
export function secretsOf(config: {
  SECRET_KEY?: string;
  JWT_SECRET?: string[];
  DATA_DIR: string;
}): Secrets {
  const folder = resolve(projectRoot, config.DATA_DIR);
  return {
    secretKey: config.SECRET_KEY ?? keptSecret(folder, 'secret-key'),
    tokenSecrets: config.JWT_SECRET ?? [keptSecret(folder, 'jwt-secret')],
  };
}

function keptSecret(folder: string, name: string): string {
  const file = join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeOnce(file, generateSecret());
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length >= MIN_SECRET_LENGTH) return secret;
  throw new ConfigError(`${file} is damaged: remove it to have a new secret generated`);
}

/** Writes the file atomically, unless another process has already created it. */
function writeOnce(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
}
