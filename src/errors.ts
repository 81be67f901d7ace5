import { toPostgresAnswer } from './db/postgres-errors.js';
import {
  type ErrorCode,
  type Language,
  type Reason,
  reasonMessage,
  sentence,
  translateMessage,
} from './lib/messages/index.js';
import { type ErrorItem, messageFor } from './lib/validation/index.js';

/** Every `code` that an answer may carry, with its status. The sentences are in the catalogues. */
export const STATUSES = {
  bad_request: 400,
  unparsable_body: 400,
  missing_boundary: 400,
  division_by_zero: 400,
  result_too_large: 400,
  not_authenticated: 401,
  invalid_credentials: 401,
  invalid_token: 401,
  wrong_token_type: 401,
  user_unavailable: 401,
  forbidden: 403,
  admin_required: 403,
  insufficient_scope: 403,
  key_not_allowed: 403,
  registration_closed: 403,
  beyond_own_permissions: 403,
  edit_window_over: 403,
  csrf_failed: 403,
  not_found: 404,
  no_upstream: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  not_acceptable: 406,
  duplicate: 409,
  still_in_use: 409,
  last_administrator: 409,
  request_in_progress: 409,
  too_many_keys: 409,
  job_running: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  too_many_requests: 429,
  too_many_attempts: 429,
  too_many_mails: 429,
  headers_too_large: 431,
  internal_error: 500,
  bad_gateway: 502,
  service_unavailable: 503,
  too_busy: 503,
  too_many_exports: 503,
  too_many_streams: 503,
  mail_not_configured: 503,
  gateway_timeout: 504,
} as const satisfies Record<ErrorCode, number>;

/** Seconds after which a client should ask again when the service could not answer. */
const RETRY_AFTER_SECONDS = 2;

export interface ApiErrorOptions {
  /** What the sentence of the code has placeholders for. */
  parameters?: Record<string, string>;
  headers?: Record<string, string>;
  /** The values of the request that are to blame. */
  errors?: ErrorItem[];
  cause?: unknown;
}

/** An error that the caller is meant to see. Its code decides status and sentence. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly parameters: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly errors: ErrorItem[] | undefined;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    const { parameters = {}, headers, errors, cause } = options;
    super(sentence('en', code, parameters), { cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = STATUSES[code];
    this.parameters = parameters;
    this.headers = { ...defaultHeaders(this.status), ...headers };
    this.errors = errors;
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
  {
    requestId,
    place,
    language,
  }: { requestId: string; place: 'body' | 'query'; language: Language },
): ErrorAnswer {
  const known =
    error instanceof ApiError || error instanceof InvalidRequest
      ? error
      : fromPostgres(error, place);
  if (known instanceof InvalidRequest) {
    return { status: 422, headers: {}, body: { detail: translate(known.items, language) } };
  }
  const apiError = known ?? fromLibrary(error);
  return {
    status: apiError.status,
    headers: apiError.headers,
    body: {
      detail: sentence(language, apiError.code, apiError.parameters),
      code: apiError.code,
      ...(apiError.errors === undefined ? {} : { errors: translate(apiError.errors, language) }),
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
  const codes = Object.keys(STATUSES) as ErrorCode[];
  const byStatus = codes.find((code) => STATUSES[code] === statusCode);
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
      return new InvalidRequest([valueError(answer.reason, [place], {})]);
    case 'unavailable':
      return new ApiError('service_unavailable', { cause: error });
  }
}

/** A value that is refused for a reason that no schema can say. */
export function valueError(reason: Reason, loc: (string | number)[], input: unknown): ErrorItem {
  return { type: 'value_error', loc, msg: reasonMessage(reason), input };
}

/** A value that this request has to have, though its schema alone would let it be left out. */
export function missingValue(loc: (string | number)[]): ErrorItem {
  return { type: 'missing', loc, msg: messageFor('missing', undefined), input: null };
}

function translate(items: ErrorItem[], language: Language): ErrorItem[] {
  if (language === 'en') return items;
  return items.map((item) => ({ ...item, msg: translateMessage(language, item) }));
}

/** A 409 that names each field whose value is taken. */
export function duplicate(
  values: { loc: (string | number)[]; input: unknown }[],
  cause?: unknown,
): ApiError {
  const fields = [...new Set(values.map(({ loc }) => loc.at(-1)))].join(', ');
  return new ApiError('duplicate', {
    parameters: { fields },
    errors: values.map(({ loc, input }) => ({
      ...valueError('already_taken', loc, input),
      type: 'duplicate',
    })),
    cause,
  });
}

function defaultHeaders(status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (status === 503) return { 'retry-after': String(RETRY_AFTER_SECONDS) };
  return {};
}
