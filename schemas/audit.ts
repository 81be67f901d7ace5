import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf, truncated } from './paging.js';
import {
  Component,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  StoredText,
  Timestamp,
} from './types.js';

export const tag: OperationTag = {
  name: 'audit',
  description: 'The audit log, for administrators only',
};

/** Every action that the audit log records. */
export const AUDIT_ACTIONS = [
  'user.create',
  'user.change',
  'user.delete',
  'user.role',
  'user.invite',
  'account.register',
  'account.verify',
  'account.change',
  'account.email',
  'account.password',
  'account.reset_password',
  'account.accept_invitation',
  'account.delete',
  'account.sign_in_refused',
  'account.password_refused',
  'session.begin',
  'session.end',
  'session.end_others',
  'token.reuse',
  'api_key.create',
  'api_key.delete',
  'calendar_token.create',
  'calendar_token.delete',
  'post.create',
  'post.change',
  'post.publish',
  'post.unpublish',
  'post.delete',
  'post.restore',
  'post.purge',
  'comment.change',
  'comment.approve',
  'comment.reject',
  'comment.delete',
  'comment.restore',
  'comment.purge',
  'category.create',
  'category.change',
  'category.delete',
  'tag.create',
  'tag.change',
  'tag.delete',
  'task.create',
  'task.change',
  'task.delete',
  'task.restore',
  'task.purge',
  'task.transition',
  'task.move',
  'task.purge_completed',
  'task.import',
  'task.relate',
  'task.unrelate',
  'task_comment.change',
  'task_comment.delete',
  'label.create',
  'label.change',
  'label.delete',
  'project.create',
  'project.change',
  'project.archive',
  'project.unarchive',
  'project.delete',
  'project.restore',
  'project.purge',
  'project.join',
  'project.leave',
  'project.change_member',
  'project.remove_member',
  'project.invite',
  'project.withdraw_invitation',
  'notification_settings.change',
  'job.retry',
  'audit.trim',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** The kinds of credentials that authenticate a request. */
export const CREDENTIAL_KINDS = ['session', 'token', 'key'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

const action = { description: 'The action', examples: ['user.role'] };
const resource = { description: 'The type of the affected resource', examples: ['user'] };
const resourceId = { description: 'The id of the affected resource', examples: ['17'] };
const requestId = {
  description: 'The `X-Request-ID` of the request; null if no request caused the action',
  examples: ['6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10'],
};

/** The length of these columns in the log. */
const SHORT = { maxLength: 64 };

/** The maximum size of a recorded value, in bytes of JSON. Of a larger one, only a hash is kept. */
export const MAX_VALUE_BYTES = 256;

const HASHED =
  `A value of more than ${MAX_VALUE_BYTES} bytes, other than scopes, is replaced by its SHA-256, ` +
  'as in `bio_sha256`.';

/** A nullable object with fields of the affected resource. */
function fields(description: string) {
  return Nullable(
    Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    { description: `${description} ${HASHED}` },
  );
}

export const AuditActor = Component(
  'AuditActor',
  Type.Object(
    {
      id: Id('The id of the user'),
      username: Nullable(Type.String(), {
        description: 'The current username; null if the user was deleted',
      }),
    },
    { description: 'The user who performed an action', examples: [{ id: 1, username: 'alice' }] },
  ),
);

export const AuditEntry = Component(
  'AuditEntry',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The id of the entry' }),
      at: Timestamp('When the action was performed; the first time if it was repeated'),
      last_at: Timestamp('When the action was performed last; equals `at` unless it was repeated'),
      count: Type.Integer({
        minimum: 1,
        description:
          'How often the action was performed. Above 1 only for refused attempts: repeats of the ' +
          'same attempt from the same network within an hour are counted in one entry.',
      }),
      actor: Nullable(Ref(AuditActor), {
        description:
          'The user who performed the action; null if the caller was not signed in, or if no ' +
          'request caused the action',
      }),
      credential: Nullable(Enum(CREDENTIAL_KINDS), {
        description:
          'The credential that authenticated the request; null if there was none, for example ' +
          'at sign-in',
      }),
      action: Enum(AUDIT_ACTIONS, action),
      resource: Type.String(resource),
      resource_id: Nullable(Type.String(), {
        description: 'The id of the affected resource; null if there is no single one',
        examples: resourceId.examples,
      }),
      address: Nullable(Type.String(), {
        description:
          'The IP address of the client, for a repeated action that of the first time; null if no ' +
          'request caused the action, or if it was erased',
      }),
      request_id: Nullable(Type.String(), requestId),
      before: fields('The recorded fields before the action; null if there are none.'),
      after: fields('The recorded fields after the action; null if there are none.'),
      erased_at: Nullable(Timestamp('When personal data was erased'), {
        description:
          'When personal data was erased from the entry because its user was deleted: IP addresses ' +
          'and the values of personal fields are null since then. Null if nothing was erased.',
      }),
      is_truncated: truncated('`before` and `after`'),
    },
    {
      description:
        'An entry of the audit log: who did what, when and from where. Passwords, tokens and ' +
        'keys are never recorded.',
      examples: [
        {
          id: 42,
          at: '2026-01-31T09:30:00.000Z',
          last_at: '2026-01-31T09:30:00.000Z',
          count: 1,
          actor: { id: 1, username: 'alice' },
          credential: 'session',
          action: 'user.role',
          resource: 'user',
          resource_id: '17',
          address: '192.0.2.7',
          request_id: '6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10',
          before: { role: 'author', permissions: 7 },
          after: { role: 'editor', permissions: 15 },
          erased_at: null,
        },
      ],
    },
  ),
);
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditPage = pageOf('AuditPage', Ref(AuditEntry), 'audit log entries', {
  ...(AuditEntry.examples as [AuditEntry])[0],
});

export const AuditListQuery = Type.Object({
  actor_id: Type.Optional(Id('Filter by the id of the user who performed the action')),
  action: Type.Optional(Enum(AUDIT_ACTIONS, { ...action, description: 'Filter by action' })),
  resource: Type.Optional(
    StoredText({
      ...resource,
      ...SHORT,
      description: 'Filter by the type of the affected resource',
    }),
  ),
  resource_id: Type.Optional(
    StoredText({
      ...resourceId,
      ...SHORT,
      description:
        'Filter by the id of the affected resource. Combine with `resource`: ids are unique ' +
        'only within one type.',
    }),
  ),
  request_id: Type.Optional(
    StoredText({
      ...requestId,
      ...SHORT,
      description: 'Filter by the `X-Request-ID` of the request',
    }),
  ),
  since: Type.Optional(
    Timestamp('Only actions at or after this timestamp; a repeated one counts by its last time'),
  ),
  until: Type.Optional(
    Timestamp('Only actions before this timestamp; a repeated one counts by its first time'),
  ),
  ...listQuery(['id'], '-id'),
});
export type AuditListQuery = Static<typeof AuditListQuery>;
