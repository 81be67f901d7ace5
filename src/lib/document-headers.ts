import type { OpenAPIV3_1 } from 'openapi-types';
import { type ResponseHeaderName, responseHeaders } from '#schemas/response-headers.js';

type Document = OpenAPIV3_1.Document;
type Header = OpenAPIV3_1.HeaderObject;

/** Extension under which an operation declares additional headers of its successful responses. */
export const SENDS = 'x-sends';

interface Operation {
  [SENDS]?: readonly ResponseHeaderName[];
  parameters?: { name: string }[];
  responses?: Record<string, OpenAPIV3_1.ResponseObject>;
}

/** Headers by name, and whether a response always has them. */
type Headers = Partial<Record<ResponseHeaderName, 'sure' | 'maybe'>>;

const EVERYWHERE: Headers = {
  'X-Request-ID': 'sure',
  'X-Response-Time': 'sure',
  'Cache-Control': 'sure',
  // Any response may renew the session cookie, or clear an expired one.
  'Set-Cookie': 'maybe',
};

/** Rate limit headers. An error may occur before the request is counted. */
const rateLimit = (how: 'sure' | 'maybe'): Headers => ({
  'X-RateLimit-Limit': how,
  'X-RateLimit-Remaining': how,
  'X-RateLimit-Reset': how,
});

const BY_STATUS: Record<number, Headers> = {
  301: { Location: 'sure' },
  302: { Location: 'sure' },
  303: { Location: 'sure' },
  304: { ETag: 'sure' },
  307: { Location: 'sure' },
  308: { Location: 'sure' },
  401: { 'WWW-Authenticate': 'sure' },
  // Only if an API key lacks the scope (RFC 6750, section 3.1).
  403: { 'WWW-Authenticate': 'maybe' },
  405: { Allow: 'sure' },
  // Only while the first request with the same idempotency key is running.
  409: { 'Retry-After': 'maybe' },
  // The tag of the current version.
  412: { ETag: 'sure' },
  429: { 'Retry-After': 'sure' },
  503: { 'Retry-After': 'sure' },
};

/**
 * Documents the headers of every response in a generated document, with references to shared
 * components. They are derived from the status, the parameters of the operation and its `x-sends`
 * extension, which is removed; headers that a response declares itself take precedence. Modifies
 * the document.
 */
export function documentHeaders(document: Document): Document {
  const components: Record<string, Header> = {};
  for (const item of Object.values(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item ?? {}) as [string, Operation][]) {
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        const derived = headersOf(method, operation, Number(status));
        response.headers = { ...referencesTo(derived, components), ...response.headers };
      }
      delete operation[SENDS];
    }
  }
  document.components = { ...document.components, headers: components };
  return document;
}

/** Returns the headers of an error response, whether it was sent by an operation or before one. */
export function errorHeaders(status: number): Record<string, Header> {
  return Object.fromEntries(
    entriesOf(headersOfStatus(status)).map(([name, how]) => [name, headerObject(name, how)]),
  );
}

function headersOf(method: string, operation: Operation, status: number): Headers {
  // A 304 response has the same headers as the 200 response that it replaces.
  const isSuccess = (status >= 200 && status < 300) || status === 304;
  return { ...headersOfStatus(status), ...(isSuccess ? headersOfSuccess(method, operation) : {}) };
}

function headersOfStatus(status: number): Headers {
  return {
    ...EVERYWHERE,
    ...rateLimit(status < 400 ? 'sure' : 'maybe'),
    ...(status < 400 ? {} : { 'Content-Language': 'sure' }),
    ...BY_STATUS[status],
  };
}

function headersOfSuccess(method: string, operation: Operation): Headers {
  const takes = (...names: string[]) =>
    operation.parameters?.some(({ name }) => names.includes(name)) === true;
  return {
    // A deleted resource has no version.
    ...(takes('if-none-match', 'if-match') && method !== 'delete' ? { ETag: 'sure' } : {}),
    ...(takes('cursor') ? { Link: 'sure' } : {}),
    ...(takes('idempotency-key') ? { 'Idempotent-Replayed': 'maybe' } : {}),
    ...Object.fromEntries((operation[SENDS] ?? []).map((name) => [name, 'sure'])),
  };
}

function referencesTo(
  headers: Headers,
  components: Record<string, Header>,
): Record<string, OpenAPIV3_1.ReferenceObject> {
  return Object.fromEntries(
    entriesOf(headers).map(([name, how]) => {
      // A reference cannot state whether the header is required, so there are two components.
      const component = how === 'sure' ? name : `Optional-${name}`;
      components[component] ??= headerObject(name, how);
      return [name, { $ref: `#/components/headers/${component}` }];
    }),
  );
}

function headerObject(name: ResponseHeaderName, how: 'sure' | 'maybe'): Header {
  return { ...responseHeaders[name], required: how === 'sure' } as Header;
}

function entriesOf(headers: Headers): [ResponseHeaderName, 'sure' | 'maybe'][] {
  return Object.entries(headers) as [ResponseHeaderName, 'sure' | 'maybe'][];
}
