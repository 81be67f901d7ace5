// Compiles what holds an answer against openapi.json: a validator for each schema of a JSON answer
// or a component, in one CommonJS module. A process of the tests would take seconds for them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import addFormats from 'ajv-formats';

const CONTRACT = fileURLToPath(new URL('../openapi/openapi.json', import.meta.url));
const JSON_TYPE = 'application/json';

/** The module and its path; made anew if the contract, this file or Ajv is another. */
export function compileContract(build) {
  const path = join(build, 'openapi', 'validators.cjs');
  const text = readFileSync(CONTRACT);
  const { version } = createRequire(import.meta.url)('ajv/package.json');
  const hash = createHash('sha256')
    .update(text)
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(version)
    .digest('hex');
  const mark = `// ${hash}\n`;
  if (existsSync(path)) {
    const present = readFileSync(path, 'utf8');
    if (present.startsWith(mark)) return [[path, present]];
  }
  return [[path, `${mark}${moduleOf(JSON.parse(text))}`]];
}

function moduleOf(contract) {
  // With the references left as they are it is a tenth of the time, and less code.
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    inlineRefs: false,
    code: { source: true },
  });
  addFormats.default(ajv);
  ajv.addSchema(contract, 'contract');
  const places = placesOf(contract);
  for (const [name, place] of places.entries()) ajv.addSchema({ $ref: place }, `v${name}`);
  const exported = Object.fromEntries(places.map((_, name) => [`v${name}`, `v${name}`]));
  const code = (standalone.default ?? standalone)(ajv, exported);
  const index = Object.fromEntries(places.map((place, name) => [place, `v${name}`]));
  return `${code}\nexports.places = ${JSON.stringify(index)};\n`;
}

/** Where the schemas are, as references. */
function placesOf(contract) {
  const { schemas = {}, headers = {}, responses = {} } = contract.components ?? {};
  const places = [
    ...Object.keys(schemas).map((name) => reference(['components', 'schemas', name])),
    ...Object.keys(headers).map((name) => reference(['components', 'headers', name, 'schema'])),
  ];
  const add = (names, response) => {
    if (response.content?.[JSON_TYPE]?.schema === undefined) return;
    places.push(reference([...names, 'content', JSON_TYPE, 'schema']));
  };
  for (const [name, response] of Object.entries(responses)) {
    add(['components', 'responses', name], response);
  }
  for (const [path, item] of Object.entries(contract.paths ?? {})) {
    for (const [method, operation] of Object.entries(item)) {
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        if (!('$ref' in response)) add(['paths', path, method, 'responses', status], response);
      }
    }
  }
  return places;
}

/** As test/support/contract.ts writes it. */
function reference(names) {
  const escaped = names.map((name) =>
    encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return `contract#/${escaped.join('/')}`;
}
