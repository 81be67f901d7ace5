import { STATUS_CODES } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIV3_1 } from 'openapi-types';

type Responses = Record<string, OpenAPIV3_1.ResponseObject | OpenAPIV3_1.ReferenceObject>;

/**
 * Moves the error responses of a generated document into shared components, one per status, and
 * refers to them from every operation. An operation with a different error keeps its own. Modifies
 * the document.
 */
export function shareErrors(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const shared: Responses = {};
  for (const item of Object.values(document.paths ?? {})) {
    for (const { responses = {} } of Object.values(item ?? {}) as { responses?: Responses }[]) {
      for (const [status, response] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        const name = nameOf(status);
        shared[name] ??= response;
        if (isDeepStrictEqual(shared[name], response)) {
          responses[status] = { $ref: `#/components/responses/${name}` };
        }
      }
    }
  }
  document.components = { ...document.components, responses: shared };
  return document;
}

/** `413` becomes `PayloadTooLarge`. */
function nameOf(status: string): string {
  return (STATUS_CODES[status] ?? `Status${status}`).replace(/[^A-Za-z0-9]/g, '');
}
