import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that contains package.json, for source and compiled code alike. Base of the paths to
 * migrations, the guide and assets.
 */
export const projectRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The `version` field of package.json. */
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
