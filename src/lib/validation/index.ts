/**
 * The validator. Compiles a JSON Schema into a function that returns the converted value, or the
 * errors that FastAPI would return. Other folders import from this file only.
 */

export { compileSchema, type Validator } from './compile.js';
export {
  type BodyMode,
  type BodyValidator,
  compileBody,
  contentOf,
  type ParsedBody,
} from './compile-body.js';
export {
  compileParameters,
  type ParameterPlace,
  type RawParameters,
} from './compile-parameters.js';
export { emailDomain, parseEmail } from './emails.js';
export type { ErrorItem, Validated } from './error-item.js';
export { MAX_ERROR_BYTES, withinErrorBytes } from './error-size.js';
export { roundBigInts, writeExactJson } from './exact-json.js';
export { isJsonContentType } from './json-content-type.js';
export type { Keyword, Keywords } from './keywords.js';
export { largestBody } from './largest-body.js';
export {
  type Catalogue,
  ENGLISH,
  type ErrorType,
  type Message,
  type MessageContext,
  messageFor,
  plainNumber,
} from './messages.js';
export { parseJson } from './parse-json.js';
export type { Definitions, JsonSchema } from './schema.js';
export { compileQuotation } from './secrets.js';
