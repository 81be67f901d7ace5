import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenAPIV3_1 } from 'openapi-types';
import { projectRoot } from '../../src/lib/project-root.js';

/** The contract as it is committed, which a test holds against the running service. */
export const contract = JSON.parse(
  readFileSync(join(projectRoot, 'openapi/openapi.json'), 'utf8'),
) as OpenAPIV3_1.Document;

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(contract, 'contract');

const paths = Object.entries(contract.paths ?? {}).map(([template, item]) => ({
  template,
  item: item as Record<string, OpenAPIV3_1.OperationObject>,
  pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  parameters: template.split('{').length,
}));

/** One answer, as far as the contract speaks of it. */
export interface Answer {
  method: string;
  url: string;
  status: number;
  contentType: string | undefined;
  body: string;
}

/**
 * What is wrong with an answer by the contract, or null. Paths that it does not list (pages, and
 * what does not exist) have nothing to say.
 */
export function violation(answer: Answer): string | null {
  const [path = '/'] = answer.url.split('?', 1);
  const found = paths
    .filter(({ pattern }) => pattern.test(path))
    .sort((a, b) => a.parameters - b.parameters)[0];
  const method = answer.method.toLowerCase();
  const operation = found?.item[method === 'head' ? 'get' : method];
  if (found === undefined || operation === undefined) return null;
  const where = `${answer.method} ${found.template} ${answer.status}`;
  const response = operation.responses?.[answer.status] as OpenAPIV3_1.ResponseObject | undefined;
  if (response === undefined) return `${where} is not in the contract`;
  const type = answer.contentType?.split(';', 1)[0];
  const types = Object.keys(response.content ?? {});
  if (types.length === 0 || method === 'head') {
    return answer.body === '' ? null : `${where} should have no body`;
  }
  if (type === undefined || !types.includes(type)) return `${where} should not be ${type}`;
  if (type !== 'application/json') return null;
  const operationAt = ['paths', found.template, method];
  const schemaAt = [...operationAt, 'responses', String(answer.status), 'content', type, 'schema'];
  const problem = validateAgainst(schemaAt, JSON.parse(answer.body));
  return problem === null ? null : `${where}: ${problem} in ${answer.body.slice(0, 500)}`;
}

/** What is wrong with a value by the schema at this place of the contract, or null. */
export function validateAgainst(pointer: string[], value: unknown): string | null {
  const validate = validatorAt(pointer);
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

const validators = new Map<string, ValidateFunction>();

function validatorAt(pointer: string[]): ValidateFunction {
  const $ref = `contract#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
  let validate = validators.get($ref);
  if (validate === undefined) {
    validate = ajv.compile({ $ref });
    validators.set($ref, validate);
  }
  return validate;
}
