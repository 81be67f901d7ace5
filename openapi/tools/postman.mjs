// Writes the Postman collection of the contract; with --check, reports whether it is up to date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { makeCollection } = await import('./collection.mjs').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('The tools are not installed: run npm run contract:install first.\n');
  process.exit(1);
});

const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const FILE = at('../postman_collection.json');

const contract = JSON.parse(readFileSync(at('../openapi.json'), 'utf8'));
const text = `${JSON.stringify(await makeCollection(contract), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
  process.stdout.write(`Wrote ${FILE}\n`);
} else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write(
    'openapi/postman_collection.json is out of date: npm run contract:postman writes it anew.\n',
  );
  process.exitCode = 1;
}
