import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#src/lib/project-root.js';

/**
 * Where the test run keeps its embedded server, and the address of the server in use. Two runs at
 * once in one checkout need a folder each.
 */
export const TEST_DATA = process.env['TEST_DATA_DIR'] ?? join(projectRoot, 'data', 'test');
const ADDRESS_FILE = join(TEST_DATA, 'address');

export const TEMPLATE_DATABASE = 'althing_test_template';

/** Tells the test files, each a process of its own, which server they work on. */
export function publishServer(url: string): void {
  mkdirSync(TEST_DATA, { recursive: true });
  writeFileSync(ADDRESS_FILE, url, { mode: 0o600 });
}

/** The address of the server that the test run started or was given. */
export function serverUrl(database?: string): string {
  if (!existsSync(ADDRESS_FILE)) {
    throw new Error('No test database: start the tests with npm test or npx tap.');
  }
  const url = new URL(readFileSync(ADDRESS_FILE, 'utf8'));
  if (database !== undefined) url.pathname = `/${database}`;
  return url.href;
}
