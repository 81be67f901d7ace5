import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseConfig } from '../config.js';
import { projectRoot } from '../lib/project-root.js';
import { generateSecret } from '../secret-key.js';

/** The contract as it is committed. */
export const OPENAPI_FILE = join(projectRoot, 'openapi/openapi.json');

/** `openapi`: writes the contract, or checks the written one. */
export function openapi(): Command {
  return new Command('openapi')
    .description('Writes openapi/openapi.json from the routes; needs no database')
    .option('--check', 'write nothing; fail if the file differs')
    .action(async ({ check }: { check?: boolean }) => {
      const text = await renderContract();
      if (check !== true) {
        writeFileSync(OPENAPI_FILE, text);
        console.log(`Wrote ${OPENAPI_FILE}`);
      } else if (readFileSync(OPENAPI_FILE, 'utf8') !== text) {
        throw new Error('openapi/openapi.json is out of date: npm run openapi writes it anew.');
      }
    });
}

/** The document that a service of this version serves, as text. */
export async function renderContract(): Promise<string> {
  // Not for the other commands: it takes longer to load than most of them to run.
  const { buildApp } = await import('../app.js');
  // The pool opens a connection when it is asked for one, which nothing here does.
  const app = await buildApp(parseConfig({ LOG_LEVEL: 'silent' }), {
    databaseUrl: 'postgresql://localhost/none',
    secretKey: generateSecret(),
  });
  await app.ready();
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  return text;
}
