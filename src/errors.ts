import { toPostgresFailure } from './db/postgres-errors.js';
import { ExpectedError } from './lib/expected-error.js';
import {
  type ErrorCode,
  type Language,
  type Reason,
  reasonMessage,
  sentence,
  translateMessage,
} from './lib/messages/index.js';
import { type ErrorItem, messageFor, withinErrorBytes } from './lib/validation/index.js';

/** The status of every error code. The messages are in `lib/messages`. */
export const STATUSES = {
  bad_request: 400,
  malformed_request: 400,
  malformed_url: 400,
  invalid_host: 400,
  unparsable_body: 400,
  missing_boundary: 400,
  invalid_multipart: 400,
  missing_part_name: 400,
  too_many_fields: 400,
  too_many_files: 400,
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
  project_role_required: 403,
  key_not_allowed: 403,
  key_cannot_administer: 403,
  registration_closed: 403,
  beyond_own_permissions: 403,
  edit_window_over: 403,
  not_your_post_to_change: 403,
  not_your_post_to_delete: 403,
  csrf_failed: 403,
  not_found: 404,
  no_upstream: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  not_acceptable: 406,
  duplicate: 409,
  still_in_use: 409,
  last_administrator: 409,
  not_invitable: 409,
  request_in_progress: 409,
  too_many_keys: 409,
  too_many_posts: 409,
  too_many_comments: 409,
  too_many_tasks: 409,
  too_many_projects: 409,
  too_many_members: 409,
  too_many_invitations: 409,
  too_many_project_keys: 409,
  last_owner: 409,
  transition_not_allowed: 409,
  column_full: 409,
  too_many_project_tasks: 409,
  too_many_labels: 409,
  too_many_items: 409,
  too_many_task_comments: 409,
  too_many_muted_tasks: 409,
  too_many_relations: 409,
  relation_cycle: 409,
  already_subtask: 409,
  already_member: 409,
  project_archived: 409,
  too_many_topics: 409,
  too_many_subscriptions: 409,
  job_running: 409,
  already_signed_in: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  too_many_requests: 429,
  too_many_attempts: 429,
  too_many_mails: 429,
  too_many_registrations: 429,
  too_many_idempotency_keys: 429,
  too_many_exports: 429,
  too_many_streams: 429,
  too_many_live: 429,
  headers_too_large: 431,
  internal_error: 500,
  bad_gateway: 502,
  service_unavailable: 503,
  too_busy: 503,
  mail_not_configured: 503,
  gateway_timeout: 504,
} as const satisfies Record<ErrorCode, number>;

/** `Retry-After` in seconds, by status; errors that know better override it. */
const RETRY_AFTER: Record<number, number> = { 429: 1, 503: 2 };

export interface ApiErrorOptions {
  /** Values for the placeholders in the message. */
  parameters?: Record<string, string>;
  headers?: Record<string, string>;
  /** The request values that caused the error. */
  errors?: ErrorItem[];
  cause?: unknown;
}

/**
 * An error that is reported to the client. Its code determines status and message. It has a stack
 * only if it is logged with one: unlike a refusal, a 500 or a failure with a cause is a fault here.
 */
export class ApiError extends ExpectedError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly parameters: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly errors: ErrorItem[] | undefined;

  constructor(code: ErrorCode, options: ApiErrorOptions = {}) {
    const { parameters = {}, headers, errors, cause } = options;
    const status = STATUSES[code];
    const isRefusal = status < 500 || (status === 503 && cause === undefined);
    super(sentence('en', code, parameters), { cause, withStack: !isRefusal });
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.parameters = parameters;
    this.headers = { ...defaultHeaders(this.status), ...headers };
    this.errors = errors;
  }
}

/** The invalid values of a request, all at once: FastAPI's 422. */
export class InvalidRequest extends ExpectedError {
  readonly items: ErrorItem[];

  constructor(items: ErrorItem[]) {
    super('The request is not valid');
    this.name = 'InvalidRequest';
    this.items = items;
  }
}

/** The response to an error. */
export interface ErrorResponse {
  status: number;
  headers: Record<string, string>;
  body:
    | { detail: ErrorItem[] }
    | { detail: string; code: string; errors?: ErrorItem[]; request_id?: string };
}

/**
 * Converts any error to a response. An unexpected error reveals only the request id: no message,
 * stack, SQL or path; the log has these under the same id.
 *
 * @param place part of the request that contains the values, if the error does not say
 */
export function toErrorResponse(
  error: unknown,
  {
    requestId,
    place,
    language,
  }: { requestId: string; place: 'body' | 'query'; language: Language },
): ErrorResponse {
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

/** Codes of Fastify and its plugins for which the status alone says too little. */
const LIBRARY_CODES: Record<string, ErrorCode> = {
  FST_ERR_BAD_URL: 'malformed_url',
  FST_CSRF_INVALID_TOKEN: 'csrf_failed',
  FST_CSRF_MISSING_SECRET: 'csrf_failed',
};

/** Uses only the code and status of a library's error, whose message is not meant for clients. */
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
  const answer = toPostgresFailure(error);
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

/** Returns the error item for a value that breaks a rule beyond its schema. */
export function valueError(reason: Reason, loc: (string | number)[], input: unknown): ErrorItem {
  // The exception of a validator in Python, which has no JSON.
  const ctx = { error: {} };
  return { type: 'value_error', loc, msg: reasonMessage(reason), input, ctx };
}

/**
 * Returns the error item for a value that is optional in the schema but required by this request.
 */
export function missingValue(loc: (string | number)[]): ErrorItem {
  return { type: 'missing', loc, msg: messageFor('missing', undefined), input: null };
}

/** The messages in a language, within the bytes of a response. */
function translate(items: ErrorItem[], language: Language): ErrorItem[] {
  if (language === 'en') return withinErrorBytes(items);
  return withinErrorBytes(
    items.map((item) => ({ ...item, msg: translateMessage(language, item) })),
  );
}

/** Returns a 409 error with every field whose value is taken. */
export function duplicate(
  values: { loc: (string | number)[]; input: unknown }[],
  cause?: unknown,
): ApiError {
  const fields = [...new Set(values.map(({ loc }) => loc.at(-1)))].join(', ');
  return new ApiError('duplicate', {
    parameters: { fields },
    errors: values.map(({ loc, input }) => ({
      type: 'duplicate',
      loc,
      msg: reasonMessage('already_taken'),
      input,
    })),
    cause,
  });
}

function defaultHeaders(status: number): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  const seconds = RETRY_AFTER[status];
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
