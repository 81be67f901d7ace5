import { toPostgresAnswer } from './db/postgres-errors.js';
import type { ErrorItem } from './lib/validation/error-item.js';

/** Every `code` that an answer may carry, with its status and its sentence. */
const CATALOGUE = {
  bad_request: [400, 'Bad Request'],
  unparsable_body: [400, 'There was an error parsing the body'],
  not_authenticated: [401, 'Not authenticated'],
  invalid_credentials: [401, 'Incorrect username or password'],
  forbidden: [403, 'Not enough permissions'],
  csrf_failed: [403, 'CSRF token missing or incorrect'],
  not_found: [404, 'Not Found'],
  method_not_allowed: [405, 'Method Not Allowed'],
  not_acceptable: [406, 'Not Acceptable'],
  duplicate: [409, 'This would be a duplicate'],
  still_in_use: [409, 'Something else still refers to this'],
  last_administrator: [409, 'This is the last active administrator'],
  request_in_progress: [409, 'A request with this Idempotency-Key is still running'],
  precondition_failed: [412, 'The resource has been changed since it was read'],
  payload_too_large: [413, 'Request body is too large'],
  uri_too_long: [414, 'The address of the request is too long'],
  unsupported_media_type: [415, 'Unsupported Media Type'],
  too_many_requests: [429, 'Too many requests'],
  headers_too_large: [431, 'Request header fields are too large'],
  internal_error: [500, 'Internal Server Error'],
  service_unavailable: [503, 'The service is temporarily unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof CATALOGUE;

/** Seconds after which a client should ask again when the service could not answer. */
const RETRY_AFTER_SECONDS = 2;

export interface ApiErrorOptions {
  /** A sentence in place of the one that belongs to the code. */
  detail?: string;
  headers?: Record<string, string>;
  /** The values of the request that are to blame. */
  errors?: ErrorItem[];
  cause?: unknown;
}

/** An error that the caller is meant to see. Its code decides status and sentence. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly errors: ErrorItem[] | undefined;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    const [status, sentence] = CATALOGUE[code];
    super(options.detail ?? sentence, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.headers = { ...defaultHeaders(status), ...options.headers };
    this.errors = options.errors;
  }
}

/** Values of a request that are not valid: the 422 of FastAPI, all of them at once. */
export class InvalidRequest extends Error {
  readonly items: ErrorItem[];

  constructor(items: ErrorItem[]) {
    super('The request is not valid');
    this.name = 'InvalidRequest';
    this.items = items;
  }
}

/** What is sent for an error. */
export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body:
    | { detail: ErrorItem[] }
    | { detail: string; code: string; errors?: ErrorItem[]; request_id?: string };
}

/**
 * The answer to an error, wherever it was born. Nothing of an unexpected error is told: no message,
 * no stack, no SQL, no path; the log has them under the request id.
 *
 * @param place the part of the request that holds its values, where the error cannot tell
 */
export function toErrorAnswer(
  error: unknown,
  { requestId, place }: { requestId: string; place: 'body' | 'query' },
): ErrorAnswer {
  const known =
    error instanceof ApiError || error instanceof InvalidRequest
      ? error
      : fromPostgres(error, place);
  if (known instanceof InvalidRequest) {
    return { status: 422, headers: {}, body: { detail: known.items } };
  }
  const apiError = known ?? fromLibrary(error);
  return {
    status: apiError.status,
    headers: apiError.headers,
    body: {
      detail: apiError.message,
      code: apiError.code,
      ...(apiError.errors === undefined ? {} : { errors: apiError.errors }),
      ...(apiError.status === 500 ? { request_id: requestId } : {}),
    },
  };
}

/** Codes of Fastify and its plugins whose status alone would say too little. */
const LIBRARY_CODES: Record<string, ErrorCode> = {
  FST_CSRF_INVALID_TOKEN: 'csrf_failed',
  FST_CSRF_MISSING_SECRET: 'csrf_failed',
};

/** Of a library's error only code and status are trusted: its message was not written for callers. */
function fromLibrary(error: unknown): ApiError {
  const { code, statusCode } = error instanceof Error ? (error as LibraryError) : {};
  const known = code === undefined ? undefined : LIBRARY_CODES[code];
  const codes = Object.keys(CATALOGUE) as ErrorCode[];
  const byStatus = codes.find((key) => CATALOGUE[key][0] === statusCode);
  return new ApiError(
    known ?? byStatus ?? (isClientError(statusCode) ? 'bad_request' : 'internal_error'),
  );
}

interface LibraryError extends Error {
  code?: string;
  statusCode?: number;
}

function isClientError(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500;
}

function fromPostgres(error: unknown, place: string): ApiError | InvalidRequest | undefined {
  const answer = toPostgresAnswer(error);
  switch (answer?.kind) {
    case undefined:
      return undefined;
    case 'duplicate':
      return duplicate([{ loc: ['body', answer.field], input: undefined }], error);
    case 'still_in_use':
      return new ApiError('still_in_use', { cause: error });
    case 'invalid':
      return new InvalidRequest([
        { type: 'value_error', loc: [place], msg: `Value error, ${answer.reason}`, input: {} },
      ]);
    case 'unavailable':
      return new ApiError('service_unavailable', { cause: error });
  }
}

/** A 409 that names each field whose value is taken. */
export function duplicate(
  values: { loc: (string | number)[]; input: unknown }[],
  cause?: unknown,
): ApiError {
  const fields = [...new Set(values.map(({ loc }) => loc.at(-1)))].join(', ');
  return new ApiError('duplicate', {
    detail: `Already taken: ${fields}`,
    errors: values.map(({ loc, input }) => ({
      type: 'duplicate',
      loc,
      msg: 'This value is already taken',
      ...(input === undefined ? {} : { input }),
    })) as ErrorItem[],
    cause,
  });
}

function defaultHeaders(status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (status === 503) return { 'retry-after': String(RETRY_AFTER_SECONDS) };
  return {};
}
