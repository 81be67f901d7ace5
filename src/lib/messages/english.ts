import { PASSWORD_SPECIALS, type PasswordRule } from '#schemas/passwords.js';
import { ENGLISH, type Message } from '#src/lib/validation/index.js';

/** The password rules, which neither JSON Schema nor Pydantic has. */
const passwordRules: Record<PasswordRule, Message> = {
  password_empty: () => 'Password should not be empty',
  password_too_short: (ctx) => `Password should have at least ${ctx['min_length']} characters`,
  password_too_long: (ctx) => `Password should have at most ${ctx['max_length']} characters`,
  password_no_upper: () => 'Password should have an uppercase letter',
  password_no_lower: () => 'Password should have a lowercase letter',
  password_no_digit: () => 'Password should have a digit',
  password_no_special: () =>
    `Password should have a special character, one of ${PASSWORD_SPECIALS}`,
  password_too_common: () =>
    'Password should not be a common one, with or without digits, symbols and substitutes',
  password_contains_name: () => 'Password should not contain your username or display name',
  password_contains_email: () =>
    'Password should not contain your email address or the part before its @',
};

/** The rule for rendered Markdown. */
const renderingRules = {
  html_too_long: (ctx) => `Rendered HTML should have at most ${ctx['max_length']} bytes`,
} satisfies Record<string, Message>;

/**
 * The English texts of errors and mails, from which all other languages are translated. `{name}` is
 * a placeholder.
 */
export const english = {
  /** Sentences by the `type` of an error item. */
  validation: { ...ENGLISH, ...passwordRules, ...renderingRules },

  /** Sentences by the `code` of an error response. */
  errors: {
    bad_request: 'Bad Request',
    malformed_request: 'The request is not valid HTTP/1.1',
    malformed_url:
      'The request URL is malformed; percent-encode characters outside of ASCII as UTF-8, and % as %25',
    invalid_host: 'The request needs exactly one Host header with a valid host name',
    unparsable_body: 'There was an error parsing the body',
    missing_boundary: 'Missing boundary in multipart.',
    invalid_multipart: 'Invalid multipart data.',
    missing_part_name: 'The Content-Disposition header field "name" must be provided.',
    too_many_fields: 'Too many fields. Maximum number of fields is 1000.',
    too_many_files: 'Too many files. Maximum number of files is 1000.',
    division_by_zero: 'Division by zero',
    result_too_large: 'The result is too large for a number',
    not_authenticated: 'Not authenticated',
    invalid_credentials: 'Incorrect username or password',
    invalid_token: 'The token or API key is invalid or expired',
    wrong_token_type:
      'Wrong type of token; use the access token for requests and the refresh token to renew it',
    user_unavailable: 'The user does not exist or is inactive',
    forbidden: 'Not enough permissions',
    admin_required: 'Administrator permissions are required',
    insufficient_scope: 'This API key lacks the scope `{scope}`',
    project_role_required: 'This needs at least the role {role} in the project',
    key_not_allowed: 'API keys cannot be used here; sign in instead',
    key_cannot_administer:
      'API keys cannot create, change or delete administrators, nor change email addresses, nor ' +
      'the username, role or status of their own user; sign in instead',
    registration_closed: 'Registration is closed; ask an administrator for an account',
    beyond_own_permissions:
      'You cannot grant permissions that you do not have, nor change an administrator who has them',
    edit_window_over: 'Comments can only be edited for {minutes} minutes after posting',
    not_your_post_to_change: 'You do not have permission to change this post',
    not_your_post_to_delete: 'You do not have permission to delete this post',
    csrf_failed:
      'CSRF token missing or incorrect; send the token from GET /api/v1/auth/csrf as X-CSRF-Token',
    not_found: 'Not Found',
    no_upstream: 'No upstream server is configured; set PLAYGROUND_UPSTREAM_URL',
    method_not_allowed: 'Method Not Allowed',
    request_timeout: 'The request was not received in time',
    not_acceptable: 'Not Acceptable',
    duplicate: 'Already taken: {fields}',
    still_in_use: 'Other resources still refer to this one; change or delete them first',
    last_administrator: 'The last active administrator cannot be removed; appoint another first',
    not_invitable: 'This user is deactivated, or already has a password and can reset it by mail',
    request_in_progress:
      'A request with this Idempotency-Key is still in progress; try again later',
    too_many_keys: 'You have reached the maximum number of API keys; delete one first',
    too_many_posts: 'You have reached the maximum number of posts; purge some from the trash first',
    too_many_comments:
      'You have reached the maximum number of comments; purge some from the trash first',
    too_many_tasks: 'You have reached the maximum number of tasks; purge some from the trash first',
    too_many_projects: 'You have reached the maximum number of projects; leave or purge some first',
    too_many_members: 'This project has reached the maximum number of members',
    too_many_invitations: 'This project has reached the maximum number of open invitations',
    too_many_project_keys: 'This project has had too many keys; use one of them again',
    transition_not_allowed: 'A task cannot go from {from} to {to}; allowed: {allowed}',
    column_full: 'The column {column} is limited to {limit} tasks',
    too_many_project_tasks:
      'This project has reached the maximum number of tasks; purge some from the trash first',
    too_many_labels: 'This project has reached the maximum number of labels',
    too_many_items: 'This checklist has reached the maximum number of items',
    too_many_task_comments: 'This task has reached the maximum number of comments',
    too_many_muted_tasks: 'You have reached the maximum number of muted tasks',
    too_many_relations:
      'A task would have too many relations, or be part of too long a chain of them',
    relation_cycle: 'The tasks are related the other way round already, directly or through others',
    already_subtask: 'This task is a subtask of task {number} already; remove that relation first',
    last_owner: 'A project must have an owner; make another member its owner first',
    already_member: 'This user is a member of the project already',
    project_archived: 'This project is archived; unarchive it first',
    too_many_topics: 'The maximum number of categories or tags is reached; delete one first',
    already_signed_in: 'The connection already belongs to a user',
    job_running: 'This job is already running',
    precondition_failed: 'The resource has changed since you read it; read it again, then retry',
    payload_too_large: 'The request body is too large',
    uri_too_long: 'The request URL is too long',
    unsupported_media_type: 'Unsupported Media Type',
    too_many_requests: 'Too many requests; try again later',
    too_many_mails: 'Too many mails were requested for this email address; try again later',
    too_many_registrations:
      'Too many registrations from your network are waiting for confirmation; try again later',
    too_many_idempotency_keys:
      'You have used too many Idempotency-Keys within 24 hours; try again later, or without a key',
    too_many_attempts: 'Too many failed attempts; try again later',
    headers_too_large: 'The request headers are too large',
    internal_error: 'Internal Server Error',
    bad_gateway: 'The upstream server did not return a usable response',
    service_unavailable: 'The service is temporarily unavailable; try again later',
    too_busy: 'The service is too busy; try again later',
    too_many_subscriptions: 'You have too many subscriptions; end some first',
    too_many_exports: 'Only one export can run at a time; try again when the other one has ended',
    too_many_streams:
      'Only one stream can be open at a time; try again when the other one has ended',
    too_many_live: 'You have too many live connections; close some first',
    mail_not_configured: 'This service is not configured to send mail; ask its administrator',
    gateway_timeout: 'The upstream server did not respond in time',
  },

  /** Reasons to refuse a value that its schema alone accepts. */
  reasons: {
    already_taken: 'this value is already taken',
    foreign_cursor: 'this cursor is not valid for this list and sort order',
    reused_idempotency_key: 'this key was already used for a different request',
    dangling_reference: 'the referenced resource does not exist',
    outside_limits: 'a value is out of range',
    text_too_long: 'a string is too long',
    number_too_large: 'a number is out of range',
    passwords_differ: 'the two passwords do not match',
    password_unchanged: 'the new password must differ from the current password',
    wrong_password: 'the current password is incorrect',
    terms_not_accepted: 'the terms of service must be accepted',
    unusable_token: 'this token is unknown, already used or expired',
    role_or_permissions: 'exactly one of role and permissions must be given',
    unknown_permissions: 'this mask has bits that are not permissions',
    timestamp_has_passed: 'this timestamp must be in the future',
    unstorable_text: 'a string contains a character that cannot be stored',
    invisible_comment: 'the comment would show nothing',
    unanswerable_comment: 'this post has no such comment to reply to',
    username_or_email: 'exactly one of username and email must be given',
    ids_or_up_to_id: 'exactly one of ids and up_to_id must be given',
    not_in_column: 'there is no such task in this column',
    not_a_member: 'a user is not a member of the project',
    unknown_label: 'a label is not one of the project',
    unknown_task: 'there is no such task in this project',
    same_task: 'a task cannot be related to itself',
    unusable_recurrence: 'this is not a recurrence rule that can be used here',
    recurrence_without_due: 'a task that repeats needs a due date',
    start_after_due: 'the work cannot begin after the due date',
    unknown_user: 'there is no such user',
    unknown_time_zone: 'this time zone is not in the IANA database',
    task_summary_empty: 'Task summary cannot be empty',
    task_summary_too_long: 'Summary must be 300 characters or less',
    comment_changed: 'this comment has changed since you read it',
  },
  valueError: (reason: string) => `Value error, ${reason}`,

  /** Mails by kind. `{access}` is a line of `mailAccess`. */
  mails: {
    confirm_registration: {
      subject: 'Confirm your email address',
      text:
        'Someone registered with this email address under the username {username}. If it was you, ' +
        'confirm your registration below, with the password that you chose.\n\n{access}\n\n' +
        'You can do this once, within {hours} hours.\n\n' +
        'If it was not you, ignore this mail and pass its content on to nobody: without it, no ' +
        'account is created. You can still register with this email address yourself.',
    },
    already_registered: {
      subject: 'You already have an account',
      text:
        'Someone tried to use this email address for an account, but it already belongs to your ' +
        'account {username}. If it was you, sign in to that account, or reset your password if you ' +
        'have forgotten it; otherwise ignore this mail.',
    },
    confirm_email_change: {
      subject: 'Confirm your new email address',
      text:
        'Someone asked to use this email address for their account. If it was you, confirm below; ' +
        'otherwise ignore this mail.\n\n{access}\n\n' +
        'You can do this once, within {hours} hours.',
    },
    email_changed: {
      subject: 'Your email address was changed',
      text:
        'The email address of your account {username} was changed, and further mail goes to the new ' +
        'address. If it was not you, contact an administrator immediately.',
    },
    reset_password: {
      subject: 'Reset your password',
      text:
        'Someone asked to reset the password of your account {username}. If it was you, set a new ' +
        'password below; otherwise ignore this mail, and your password stays the same.' +
        '\n\n{access}\n\n' +
        'You can do this once, within {minutes} minutes.',
    },
    invitation: {
      subject: 'You are invited',
      text:
        'An administrator created the account {username} for you. Choose a password below to use it.' +
        '\n\n{access}\n\n' +
        'You can do this once, within {days} days.',
    },
    project_invitation: {
      subject: 'You are invited to the project {project}',
      text:
        '{inviter} invited you to the project "{project}". To become a member, sign in, or create an ' +
        'account first, and accept below.\n\n{access}\n\n' +
        'You can do this once, within {days} days. Pass this mail on to nobody: whoever has it can ' +
        'accept in your place.',
    },
    password_changed: {
      subject: 'Your password was changed',
      text:
        'The password of your account {username} was changed. If it was not you, reset your password, ' +
        'which also ends all sessions, API keys and the calendar token, and contact an administrator immediately.',
    },
    api_key_created: {
      subject: 'An API key was created',
      text:
        'The API key "{name}" was created for your account {username}. Programs that have it can act ' +
        'on your behalf. If it was not you, reset your password, which also ends all sessions and API ' +
        'keys, and contact an administrator immediately.',
    },
  },

  /** How a mail hands over its token: as a link to a page, or for an operation of the API. */
  mailAccess: {
    link: 'To continue, open this page:\n{link}',
    operation: 'To continue, send this token to {operation}:\n{token}',
  },

  /** Mails about notifications. `{what}` is one of the lines, `{where}` says where to see it. */
  notifications: {
    assigned: '{actor} assigned you to {task}',
    mentioned: '{actor} mentioned you in a comment on {task}',
    commented: '{actor} commented on {task}',
    moved: '{actor} moved {task} to another column',
    due_soon: '{task} is due soon',
    invited: '{actor} invited you to the project "{project}"',
    task: '{number} "{summary}"',
    someone: 'Someone',
    text: '{what}.\n\n{where}\n\nYou choose in your notification settings which mails you get.',
    digest_subject: 'Unread notifications: {count}',
    digest_text:
      '{lines}\n\n{where}\n\nYou choose in your notification settings which mails you get.',
    more: 'and {count} more',
    link: 'To see more, open this page:\n{link}',
    operation: 'To see more, send {operation}',
  },
};

export type Messages = Omit<typeof english, 'validation'> & {
  validation: Readonly<Record<keyof typeof english.validation, Message>>;
};
export type ErrorCode = keyof Messages['errors'];
export type MailKind = keyof Messages['mails'];
export type Reason = keyof Messages['reasons'];
