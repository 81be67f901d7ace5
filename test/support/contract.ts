import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { OpenAPIV3_1 } from 'openapi-types';
import { errorHeaders } from '#src/lib/document-headers.js';
import { projectRoot } from '#src/lib/project-root.js';
import { type AnswerHeaders, headerProblem } from './headers.js';

/** The committed contract; a test compares it with the running service. */
export const contract = JSON.parse(
  readFileSync(join(projectRoot, 'openapi/openapi.json'), 'utf8'),
) as OpenAPIV3_1.Document;

/**
 * The module made by scripts/compile-contract.mjs: validators by name, and `places`, which maps
 * references of schemas to these names.
 */
const compiled = createRequire(import.meta.url)(
  join(projectRoot, 'build/openapi/validators.cjs'),
) as Record<string, ValidateFunction> & { places: Record<string, string> };

const paths = Object.entries(contract.paths ?? {}).map(([template, item]) => ({
  template,
  item: item as Record<string, OpenAPIV3_1.OperationObject>,
  pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  parameters: template.split('{').length,
}));

/** The parts of a response that the contract describes, and its request. */
export interface Answer {
  method: string;
  url: string;
  status: number;
  headers: AnswerHeaders;
  body: string;
}

/** Follows references from a part of the contract to the value itself. */
export function resolve<T extends object>(part: T | OpenAPIV3_1.ReferenceObject): T {
  if (!('$ref' in part)) return part;
  const [, ...names] = part.$ref.split('/');
  const found = names.reduce<unknown>(
    (at, name) => (at as Record<string, unknown>)[name],
    contract,
  );
  return resolve(found as T);
}

/**
 * Returns how a response violates the contract, or null. For operations that the contract does not
 * list, such as pages and unknown paths, only the headers of errors are checked.
 */
export function violation(answer: Answer): string | null {
  const [path = '/'] = answer.url.split('?', 1);
  const found = paths
    .filter(({ pattern }) => pattern.test(path))
    .sort((a, b) => a.parameters - b.parameters)[0];
  const method = answer.method.toLowerCase();
  const operation = found?.item[method === 'head' ? 'get' : method];
  const where = `${answer.method} ${found?.template ?? path} ${answer.status}`;
  if (found === undefined || operation === undefined) {
    const isError = answer.status >= 400;
    const wrong = isError ? headerProblem(answer.headers, errorHeaders(answer.status)) : null;
    return wrong && `${where}: ${wrong}`;
  }
  const listed = operation.responses?.[answer.status];
  if (listed === undefined) return `${where} is not in the contract`;
  const response = resolve<OpenAPIV3_1.ResponseObject>(listed);
  const wrong = headerProblem(answer.headers, headersOf(response));
  if (wrong !== null) return `${where}: ${wrong}`;
  const type = contentTypeOf(answer)?.split(';', 1)[0];
  const types = Object.keys(response.content ?? {});
  if (types.length === 0 || method === 'head') {
    return answer.body === '' ? null : `${where} should have no body`;
  }
  if (type === undefined || !types.includes(type)) return `${where} should not be ${type}`;
  if (type !== 'application/json') return null;
  const responseAt =
    '$ref' in listed
      ? listed.$ref.split('/').slice(1)
      : ['paths', found.template, method, 'responses', String(answer.status)];
  const schemaAt = [...responseAt, 'content', type, 'schema'];
  const problem = validateAgainst(schemaAt, JSON.parse(answer.body));
  return problem === null ? null : `${where}: ${problem} in ${answer.body.slice(0, 500)}`;
}

/** Returns the documented headers of a response, by name. */
export function headersOf({
  headers = {},
}: OpenAPIV3_1.ResponseObject): Record<string, OpenAPIV3_1.HeaderObject> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, header]) => [
      name,
      resolve(header as OpenAPIV3_1.HeaderObject | OpenAPIV3_1.ReferenceObject),
    ]),
  );
}

function contentTypeOf({ headers }: Answer): string | undefined {
  return headers['content-type']?.toString();
}

/**
 * Returns how a value violates the schema at a JSON pointer of the contract, or null. Throws if the
 * schema was not compiled.
 */
export function validateAgainst(pointer: string[], value: unknown): string | null {
  const place = `contract#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
  const validate = compiled[compiled.places[place] ?? ''];
  if (validate === undefined) throw new Error(`${place} was not compiled`);
  return validate(value) ? null : textOf(validate.errors ?? []);
}

function textOf(errors: ErrorObject[]): string {
  return errors.map(({ instancePath, message }) => `data${instancePath} ${message}`).join(', ');
}
