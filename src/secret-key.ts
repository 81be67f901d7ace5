import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { projectRoot } from './lib/project-root.js';

/** 256 random bits, as 64 hexadecimal digits. */
export function generateSecret(): string {
  return randomBytes(32).toString('hex');
}

/**
 * `SECRET_KEY`, or, outside of production, one that is made once and kept under `DATA_DIR`, so that
 * sessions survive a restart.
 */
export function secretKeyOf(config: { SECRET_KEY?: string; DATA_DIR: string }): string {
  if (config.SECRET_KEY !== undefined) return config.SECRET_KEY;
  const folder = resolve(projectRoot, config.DATA_DIR);
  const file = join(folder, 'secret-key');
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(file, generateSecret(), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readFileSync(file, 'utf8');
}
