import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the project's package.json, whether this file runs as source or compiled. Files
 * that are no code (migrations, the guide, assets) are found from it.
 */
export const projectRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The version in package.json. */
export const projectVersion: string = readVersion();

function findRoot(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json in ${start} or above`);
    folder = parent;
  }
  return folder;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version);
  }
  throw new Error('package.json has no version');
}
