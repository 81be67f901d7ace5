import { PASSWORD_SPECIALS, type PasswordRule } from '#schemas/passwords.js';
import { ENGLISH, type Message } from '#src/lib/validation/index.js';

/** The rules for passwords, which JSON Schema and Pydantic know nothing of. */
const passwordRules: Record<PasswordRule, Message> = {
  password_empty: () => 'Password should not be empty',
  password_too_short: (ctx) => `Password should have at least ${ctx['min_length']} characters`,
  password_too_long: (ctx) => `Password should have at most ${ctx['max_length']} characters`,
  password_no_upper: () => 'Password should have an upper-case letter',
  password_no_lower: () => 'Password should have a lower-case letter',
  password_no_digit: () => 'Password should have a digit',
  password_no_special: () =>
    `Password should have a special character, one of ${PASSWORD_SPECIALS}`,
};

/**
 * What the service says to people, in English: the language of which every other is a translation.
 * `{name}` is filled in.
 */
export const english = {
  /** By the `type` of an error item. */
  validation: { ...ENGLISH, ...passwordRules },

  /** By the `code` of an answer. */
  errors: {
    bad_request: 'Bad Request',
    unparsable_body: 'There was an error parsing the body',
    missing_boundary: 'Missing boundary in multipart.',
    division_by_zero: 'Division by zero',
    result_too_large: 'The result is too large to be written as a number',
    not_authenticated: 'Not authenticated',
    invalid_credentials: 'Incorrect username or password',
    invalid_token: 'The token or key is invalid or has expired',
    wrong_token_type: 'This is another type of token',
    user_unavailable: 'The user does not exist or is inactive',
    forbidden: 'Not enough permissions',
    admin_required: 'Administrators only',
    insufficient_scope: 'The API key lacks the scope {scope}',
    key_not_allowed: 'An API key will not do here: sign in',
    registration_closed: 'People do not register by themselves here: ask an administrator',
    beyond_own_permissions: 'Nobody grants what they do not hold themselves',
    edit_window_over: 'A comment can be edited for {minutes} minutes only',
    csrf_failed: 'CSRF token missing or incorrect',
    not_found: 'Not Found',
    no_upstream: 'No upstream is configured',
    method_not_allowed: 'Method Not Allowed',
    request_timeout: 'The request did not arrive in time',
    not_acceptable: 'Not Acceptable',
    duplicate: 'Already taken: {fields}',
    still_in_use: 'Something else still refers to this',
    last_administrator: 'This is the last active administrator',
    request_in_progress: 'A request with this Idempotency-Key is still running',
    too_many_keys: 'You have as many API keys as one may have',
    job_running: 'The job is running',
    precondition_failed: 'The resource has been changed since it was read',
    payload_too_large: 'Request body is too large',
    uri_too_long: 'The address of the request is too long',
    unsupported_media_type: 'Unsupported Media Type',
    too_many_requests: 'Too many requests',
    too_many_mails: 'This address has been sent enough mail for now, try again later',
    too_many_attempts: 'Too many failed attempts, try again later',
    headers_too_large: 'Request header fields are too large',
    internal_error: 'Internal Server Error',
    bad_gateway: 'The upstream gave no usable answer',
    service_unavailable: 'The service is temporarily unavailable',
    too_busy: 'The service has too much to do, try again later',
    too_many_exports: 'Too many exports are running',
    too_many_streams: 'Too many streams are running',
    mail_not_configured: 'This service is not set up to send mail',
    gateway_timeout: 'The upstream did not answer in time',
  },

  /** Why a value is refused, beyond what its schema says. */
  reasons: {
    already_taken: 'this value is already taken',
    foreign_cursor: 'this cursor was not handed out by this list in this order',
    reused_idempotency_key: 'this key was used for another request',
    dangling_reference: 'it refers to something that does not exist',
    outside_limits: 'a value is outside of its limits',
    text_too_long: 'a text is too long',
    number_too_large: 'a number is too large',
    passwords_differ: 'the two passwords differ',
    password_unchanged: 'the new password is the current one',
    wrong_password: 'this is not the current password',
    terms_not_accepted: 'the terms of service must be accepted',
    unusable_token: 'this token is not known, was used already or has expired',
    role_or_permissions: 'either a role or permissions are to be given',
    unknown_permissions: 'there are no permissions with these bits',
    moment_has_passed: 'this moment has passed',
    unstorable_text: 'a text holds a character that cannot be stored',
    unanswerable_comment: 'there is no such comment on this post to reply to',
  },
  valueError: (reason: string) => `Value error, ${reason}`,

  /** By the kind of the mail. `{access}` is the line of `mailAccess` that fits. */
  mails: {
    confirm_registration: {
      subject: 'Confirm your e-mail address',
      text:
        'Somebody, hopefully you, has registered as {username} with this e-mail address. Go on only if ' +
        'that is your name.\n\n{access}\n\n' +
        'This works once and for {hours} hours. If it was not you, there is nothing to do: without ' +
        'a confirmation there will be no account.',
    },
    already_registered: {
      subject: 'You already have an account',
      text:
        'Somebody, hopefully you, has tried to use this e-mail address for an account. It belongs to ' +
        'the account {username}. Sign in with it, or reset its password if you have forgotten it.',
    },
    confirm_email_change: {
      subject: 'Confirm your new e-mail address',
      text:
        'Somebody, hopefully you, wants to use this e-mail address for an account.\n\n{access}\n\n' +
        'This works once and for {hours} hours. If it was not you, there is nothing to do.',
    },
    email_changed: {
      subject: 'Your e-mail address has been changed',
      text:
        'The account {username} has another e-mail address now, and mail for it goes there. If it ' +
        'was not you who changed it, tell an administrator at once.',
    },
    reset_password: {
      subject: 'Reset your password',
      text:
        'Somebody, hopefully you, wants a new password for your account {username}.\n\n{access}\n\n' +
        'This works once and for {minutes} minutes. If it was not you, there is nothing to do: your ' +
        'password stays as it is.',
    },
    password_changed: {
      subject: 'Your password has been changed',
      text:
        'The account {username} has a new password. If it was not you who changed it, reset it and ' +
        'tell an administrator at once.',
    },
  },

  /** How a mail hands over its token: as a link to a page, or for an operation of the API. */
  mailAccess: {
    link: 'To go on, open this page:\n{link}',
    operation: 'To go on, send this token to {operation}:\n{token}',
  },
};

export type Messages = Omit<typeof english, 'validation'> & {
  validation: Readonly<Record<keyof typeof english.validation, Message>>;
};
export type ErrorCode = keyof Messages['errors'];
export type MailKind = keyof Messages['mails'];
export type Reason = keyof Messages['reasons'];
