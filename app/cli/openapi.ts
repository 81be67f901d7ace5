import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { parseConfig } from '#app/config.js';
import { generateSecret } from '#app/secrets.js';
import { definitions } from '#schemas/index.js';
import { tag } from '#schemas/live.js';
import { asyncApiOf } from '#src/lib/async-api.js';
import { projectRoot } from '#src/lib/project-root.js';
import { say } from './language.js';

/** Path of the committed contract. */
export const OPENAPI_FILE = join(projectRoot, 'openapi/openapi.json');

/** Path of the AsyncAPI document of the messages over the WebSocket. */
const ASYNCAPI_FILE = join(projectRoot, 'openapi/asyncapi.json');

/** Path of the contract's TypeScript types, for typed clients. */
export const TYPES_FILE = join(projectRoot, 'openapi/types.d.ts');

const TYPES_HEADER = `/**
 * TypeScript types of the contract, generated from openapi.json by \`npm run openapi\`; do not edit.
 * Create a typed client with openapi-fetch: \`createClient<paths>({ baseUrl })\`.
 */

`;

/** `openapi`: writes or checks the contract and its types. */
export function openapi(): Command {
  return new Command('openapi')
    .description(
      say('Generates the contract in openapi/ and its types from the routes, without a database'),
    )
    .option('--check', say('write nothing; fail if a file is out of date'))
    .action(async ({ check }: { check?: boolean }) => {
      const { contract, messages } = await renderContract();
      const files: [path: string, text: string][] = [
        [OPENAPI_FILE, contract],
        [ASYNCAPI_FILE, messages],
        [TYPES_FILE, await renderTypes(contract)],
      ];
      for (const [path, text] of files) {
        if (check !== true) {
          writeFileSync(path, text);
          console.log(`Wrote ${path}`);
        } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
          const name = relative(projectRoot, path);
          throw new Error(`${name} is out of date: run \`npm run openapi\`.`);
        }
      }
    });
}

/** The JSON texts of the OpenAPI and the AsyncAPI document that this version serves. */
async function renderContract(): Promise<{ contract: string; messages: string }> {
  // Imported on demand: loading the app takes longer than most commands take to run.
  const [{ buildApp }, { EXAMPLE_HOST }] = await Promise.all([
    import('#app/app.js'),
    import('#plugins/openapi.js'),
  ]);
  // The pool connects on demand only, so no database is needed.
  const app = await buildApp(parseConfig({ LOG_LEVEL: 'silent' }), {
    databaseUrl: 'postgresql://localhost/none',
    secretKey: generateSecret(),
    tokenSecrets: [generateSecret()],
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return {
    contract: toText(document),
    messages: toText(
      asyncApiOf({ info: document.info, tag, host: EXAMPLE_HOST, schemas: definitions }),
    ),
  };
}

function toText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The TypeScript source that openapi-typescript generates from the contract. */
export async function renderTypes(contract: string): Promise<string> {
  // A development dependency, which production installations lack.
  const { default: openapiTypescript, astToString } = await import('openapi-typescript');
  const nodes = await openapiTypescript(JSON.parse(contract), {
    // One type serves requests and responses: a field with a default is optional in requests, and
    // `required` marks it as present in responses.
    defaultNonNullable: false,
  });
  return `${TYPES_HEADER}${astToString(nodes)}`;
}
