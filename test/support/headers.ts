import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenAPIV3_1 } from 'openapi-types';
import { responseHeaders } from '#schemas/response-headers.js';

/** The headers of an answer as they came, their names in lower case. */
export type AnswerHeaders = Record<string, string | string[] | number | undefined>;

// A number in a header is a text.
const ajv = new Ajv2020({ strict: false, coerceTypes: true });
addFormats.default(ajv);

/**
 * What is wrong with the headers of an answer by those that are documented for it, or null: one is
 * missing, has another value, or is there though nobody was told.
 */
export function headerProblem(
  headers: AnswerHeaders,
  documented: Record<string, OpenAPIV3_1.HeaderObject>,
): string | null {
  const names = Object.keys(documented).map((name) => name.toLowerCase());
  for (const name of Object.keys(responseHeaders)) {
    const isTold = names.includes(name.toLowerCase());
    if (name.toLowerCase() in headers && !isTold) return `${name} is not documented`;
  }
  for (const [name, { required, schema = {} }] of Object.entries(documented)) {
    const value = headers[name.toLowerCase()];
    if (value === undefined && required === true) return `${name} is missing`;
    for (const each of [value ?? []].flat()) {
      if (!ajv.validate(schema, String(each))) {
        return `${name}: ${each}: ${ajv.errorsText(undefined, { dataVar: 'it' })}`;
      }
    }
  }
  return null;
}
