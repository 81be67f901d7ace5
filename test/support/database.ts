import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Test } from 'tap';
import { serverUrl, TEMPLATE_DATABASE } from './server.js';

/** Copies a migrated, empty database for a test, and drops the copy when the test ends. */
export async function createTestDatabase(t: Test, template = TEMPLATE_DATABASE): Promise<string> {
  const name = `althing_test_${randomBytes(6).toString('hex')}`;
  await asServer(`create database ${name} template ${template}`);
  t.teardown(() => asServer(`drop database if exists ${name} with (force)`));
  return serverUrl(name);
}

/** Runs one statement in the server's default database. */
async function asServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
