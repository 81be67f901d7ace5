import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenAPIV3_1 } from 'openapi-types';
import { responseHeaders } from '#schemas/response-headers.js';

/** The headers of a response, by lower-case name. */
export type AnswerHeaders = Record<string, string | string[] | number | undefined>;

// Header values are strings, even where the schema is a number.
const ajv = new Ajv2020({ strict: false, coerceTypes: true });
addFormats.default(ajv);

/**
 * Returns how the headers of a response differ from the documented ones, or null: a required header
 * is missing, a value is invalid, or a header of `responseHeaders` is not documented.
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
