import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { parseConfig } from '#app/config.js';
import { generateSecret } from '#app/secrets.js';
import { projectRoot } from '#src/lib/project-root.js';

/** The contract as it is committed. */
export const OPENAPI_FILE = join(projectRoot, 'openapi/openapi.json');

/** The same contract as TypeScript types, for typed clients. */
export const TYPES_FILE = join(projectRoot, 'openapi/types.d.ts');

const TYPES_HEADER = `/**
 * The contract as types: written by \`npm run openapi\` from openapi.json, never by hand. With
 * openapi-fetch it makes a typed client: \`createClient<paths>({ baseUrl })\`.
 */

`;

/** `openapi`: writes the contract and its types, or checks the written ones. */
export function openapi(): Command {
  return new Command('openapi')
    .description('Writes openapi/openapi.json and its types from the routes; needs no database')
    .option('--check', 'write nothing; fail if a file differs')
    .action(async ({ check }: { check?: boolean }) => {
      const contract = await renderContract();
      const files: [path: string, text: string][] = [
        [OPENAPI_FILE, contract],
        [TYPES_FILE, await renderTypes(contract)],
      ];
      for (const [path, text] of files) {
        if (check !== true) {
          writeFileSync(path, text);
          console.log(`Wrote ${path}`);
        } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
          const name = relative(projectRoot, path);
          throw new Error(`${name} is out of date: npm run openapi writes it anew.`);
        }
      }
    });
}

/** The document that a service of this version serves, as text. */
export async function renderContract(): Promise<string> {
  // Not for the other commands: it takes longer to load than most of them to run.
  const { buildApp } = await import('#app/app.js');
  // The pool opens a connection when it is asked for one, which nothing here does.
  const app = await buildApp(parseConfig({ LOG_LEVEL: 'silent' }), {
    databaseUrl: 'postgresql://localhost/none',
    secretKey: generateSecret(),
    tokenSecrets: [generateSecret()],
  });
  await app.ready();
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  return text;
}

/** The types that openapi-typescript makes of the contract, as text. */
export async function renderTypes(contract: string): Promise<string> {
  // A package of the development only: a service in production has this command, but no use for it.
  const { default: openapiTypescript, astToString } = await import('openapi-typescript');
  const nodes = await openapiTypescript(JSON.parse(contract), {
    // One type serves requests and answers. What has a default may be left out of a request, and
    // an answer says by `required` that it is there.
    defaultNonNullable: false,
  });
  return `${TYPES_HEADER}${astToString(nodes)}`;
}
