/** The values that a message can contain; equals the item's `ctx`. */
export type MessageContext = Readonly<Record<string, unknown>>;

/** Returns the message for an error type from the item's `ctx` alone. */
export type Message = (ctx: MessageContext) => string;

const plural = (count: unknown): string => (count === 1 ? '' : 's');

const text = (fixed: string): Message => {
  return () => fixed;
};

/**
 * Formats a number as Rust does, without an exponent: `1e-7` becomes `0.0000001`, and `1e22`
 * becomes `10000000000000000000000`.
 */
export function plainNumber(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return String(value);
  const short = String(value);
  const exponentAt = short.indexOf('e');
  if (exponentAt === -1) return short;
  const sign = short.startsWith('-') ? '-' : '';
  const mantissa = short.slice(sign.length, exponentAt);
  const exponent = Number(short.slice(exponentAt + 1));
  const [whole = '', fraction = ''] = mantissa.split('.');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`;
}

const itemCount = (ctx: MessageContext, limit: 'at least' | 'at most', count: unknown): string =>
  `${ctx['field_type']} should have ${limit} ${count} item${plural(count)} after validation, not ${
    ctx['actual_length'] ?? 'more'
  }`;

/**
 * English messages by error type, with the wording of Pydantic 2.13 (pydantic-core
 * `src/errors/types.rs`, and `pydantic/networks.py` for email addresses). Catalogues in other
 * languages have the same keys.
 */
export const ENGLISH = {
  missing: text('Field required'),
  extra_forbidden: text('Extra inputs are not permitted'),
  recursion_loop: text('Recursion error - cyclic reference detected'),
  json_invalid: text('JSON decode error'),
  none_required: text('Input should be None'),

  string_type: text('Input should be a valid string'),
  string_unicode: text(
    'Input should be a valid string, unable to parse raw data as a unicode string',
  ),
  string_too_short: (ctx) =>
    `String should have at least ${ctx['min_length']} character${plural(ctx['min_length'])}`,
  string_too_long: (ctx) =>
    `String should have at most ${ctx['max_length']} character${plural(ctx['max_length'])}`,
  string_pattern_mismatch: (ctx) => `String should match pattern '${ctx['pattern']}'`,
  bytes_type: text('Input should be a valid bytes'),
  bytes_too_short: (ctx) =>
    `Data should have at least ${ctx['min_length']} byte${plural(ctx['min_length'])}`,
  bytes_too_long: (ctx) =>
    `Data should have at most ${ctx['max_length']} byte${plural(ctx['max_length'])}`,

  int_type: text('Input should be a valid integer'),
  int_parsing: text('Input should be a valid integer, unable to parse string as an integer'),
  int_parsing_size: text('Unable to parse input string as an integer, exceeded maximum size'),
  int_from_float: text('Input should be a valid integer, got a number with a fractional part'),
  float_type: text('Input should be a valid number'),
  float_parsing: text('Input should be a valid number, unable to parse string as a number'),
  finite_number: text('Input should be a finite number'),
  decimal_type: text('Decimal input should be an integer, float, string or Decimal object'),
  decimal_parsing: text('Input should be a valid decimal'),
  multiple_of: (ctx) => `Input should be a multiple of ${plainNumber(ctx['multiple_of'])}`,
  less_than_equal: (ctx) => `Input should be less than or equal to ${plainNumber(ctx['le'])}`,
  less_than: (ctx) => `Input should be less than ${plainNumber(ctx['lt'])}`,
  greater_than_equal: (ctx) => `Input should be greater than or equal to ${plainNumber(ctx['ge'])}`,
  greater_than: (ctx) => `Input should be greater than ${plainNumber(ctx['gt'])}`,

  bool_type: text('Input should be a valid boolean'),
  bool_parsing: text('Input should be a valid boolean, unable to interpret input'),

  model_attributes_type: text(
    'Input should be a valid dictionary or object to extract fields from',
  ),
  dict_type: text('Input should be a valid dictionary'),
  list_type: text('Input should be a valid list'),
  set_type: text('Input should be a valid set'),
  tuple_type: text('Input should be a valid tuple'),
  too_short: (ctx) => itemCount(ctx, 'at least', ctx['min_length']),
  too_long: (ctx) => itemCount(ctx, 'at most', ctx['max_length']),

  enum: (ctx) => `Input should be ${ctx['expected']}`,
  literal_error: (ctx) => `Input should be ${ctx['expected']}`,
  union_tag_not_found: (ctx) => `Unable to extract tag using discriminator ${ctx['discriminator']}`,
  union_tag_invalid: (ctx) =>
    `Input tag '${ctx['tag']}' found using ${ctx['discriminator']} does not match any of the expected tags: ${ctx['expected_tags']}`,

  uuid_type: text('UUID input should be a string, bytes or UUID object'),
  uuid_parsing: (ctx) => `Input should be a valid UUID, ${ctx['error']}`,
  uuid_version: (ctx) => `UUID version ${ctx['expected_version']} expected`,
  datetime_type: text('Input should be a valid datetime'),
  datetime_parsing: (ctx) => `Input should be a valid datetime, ${ctx['error']}`,
  datetime_from_date_parsing: (ctx) => `Input should be a valid datetime or date, ${ctx['error']}`,
  date_type: text('Input should be a valid date'),
  date_parsing: (ctx) => `Input should be a valid date in the format YYYY-MM-DD, ${ctx['error']}`,
  date_from_datetime_parsing: (ctx) => `Input should be a valid date or datetime, ${ctx['error']}`,
  date_from_datetime_inexact: text(
    'Datetimes provided to dates should have zero time - e.g. be exact dates',
  ),
  time_type: text('Input should be a valid time'),
  time_parsing: (ctx) => `Input should be in a valid time format, ${ctx['error']}`,
  time_delta_type: text('Input should be a valid timedelta'),
  time_delta_parsing: (ctx) => `Input should be a valid timedelta, ${ctx['error']}`,

  url_type: text('URL input should be a string or URL'),
  url_parsing: (ctx) => `Input should be a valid URL, ${ctx['error']}`,
  url_too_long: (ctx) =>
    `URL should have at most ${ctx['max_length']} character${plural(ctx['max_length'])}`,
  url_scheme: (ctx) => `URL scheme should be ${ctx['expected_schemes']}`,
  ip_v4_address: text('Input is not a valid IPv4 address'),
  ip_v6_address: text('Input is not a valid IPv6 address'),
  ip_any_address: text('value is not a valid IPv4 or IPv6 address'),
  // One type with two messages: Pydantic's custom error for email addresses has a reason, FastAPI's
  // error for text instead of a file has the exception, which serializes as {}.
  value_error: (ctx) =>
    'reason' in ctx
      ? `value is not a valid email address: ${ctx['reason']}`
      : "Value error, Expected UploadFile, received: <class 'str'>",
} satisfies Record<string, Message>;

/** Every error type of the validator. */
export type ErrorType = keyof typeof ENGLISH;

/** Messages for all error types in one language. */
export type Catalogue = Readonly<Record<ErrorType, Message>>;

const NO_CONTEXT: MessageContext = Object.freeze({});

/** Returns the message for an error type and its `ctx`. */
export function messageFor(
  type: ErrorType,
  ctx: MessageContext | undefined,
  catalogue: Catalogue = ENGLISH,
): string {
  return catalogue[type](ctx ?? NO_CONTEXT);
}
