// Compiles the schemas of openapi.json to validators, which the tests use to check responses: one
// for each component, header and JSON response, in one CommonJS module. Compiling them in every
// test process would take seconds each time.
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

/**
 * Returns the path and text of the module, as a list of one `[path, text]` pair. The module is
 * regenerated only if the contract, this file or the version of Ajv has changed.
 */
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
  // Without inlining references, compiling takes a tenth of the time and the code is smaller.
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

/** Returns references to the schemas to compile. */
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

/** Builds a reference in the same form as `validateAgainst` in test/support/contract.ts. */
function reference(names) {
  const escaped = names.map((name) =>
    encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return `contract#/${escaped.join('/')}`;
}
