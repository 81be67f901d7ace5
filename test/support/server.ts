import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';

/**
 * The folder of the embedded test server and of the file with the URL of the server in use.
 * Parallel runs in one checkout need separate folders.
 */
export const TEST_DATA = process.env['TEST_DATA_DIR'] ?? join(projectRoot, 'data', 'test');
const ADDRESS_FILE = join(TEST_DATA, 'address');

export const TEMPLATE_DATABASE = 'althing_test_template';

/** Writes the server's URL to a file, because test files run in other processes. */
export function publishServer(url: string): void {
  mkdirSync(TEST_DATA, { recursive: true });
  writeFileSync(ADDRESS_FILE, url, { mode: 0o600 });
}

/** Returns the URL of the run's server, or of a database on it. */
export function serverUrl(database?: string): string {
  if (!existsSync(ADDRESS_FILE)) {
    throw new Error('No test database: start the tests with npm test or npx tap.');
  }
  const url = new URL(readFileSync(ADDRESS_FILE, 'utf8'));
  if (database !== undefined) url.pathname = `/${database}`;
  return url.href;
}
