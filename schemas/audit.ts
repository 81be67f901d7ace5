import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Component, Enum, Id, Nullable, type OperationTag, Ref, Timestamp } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'audit',
  description: 'The audit log, for administrators',
};

/** Everything that the audit log speaks of. */
export const AUDIT_ACTIONS = [
  'user.create',
  'user.change',
  'user.delete',
  'user.role',
  'account.register',
  'account.verify',
  'account.change',
  'account.email',
  'account.password',
  'account.reset_password',
  'account.delete',
  'account.sign_in_refused',
  'session.begin',
  'session.end',
  'session.end_others',
  'token.reuse',
  'api_key.create',
  'api_key.delete',
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
  'job.retry',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** How somebody may have proved who they are. */
export const CREDENTIAL_KINDS = ['session', 'token', 'key'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

const action = { description: 'What was done', examples: ['user.role'] };
const resource = { description: 'The kind of thing that it was done to', examples: ['user'] };
const resourceId = { description: 'The number of what it was done to', examples: ['17'] };
const requestId = {
  description: 'The `X-Request-ID` of the request that did it',
  examples: ['6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10'],
};

/** As long as what the log takes. */
const SHORT = { maxLength: 64 };

/** Fields of whatever it was done to, under their own names. */
function fields(description: string) {
  return Nullable(
    Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    { description },
  );
}

export const AuditActor = Component(
  'AuditActor',
  Type.Object(
    {
      id: Id('The number of the user'),
      username: Nullable(Type.String(), {
        description: 'What the user is called now; null if gone',
      }),
    },
    { description: 'Who did something', examples: [{ id: 1, username: 'alice' }] },
  ),
);

export const AuditEntry = Component(
  'AuditEntry',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The number of the entry' }),
      at: Timestamp('When it was done'),
      actor: Nullable(Ref(AuditActor), { description: 'Who did it; null if nobody had signed in' }),
      credential: Nullable(Enum(CREDENTIAL_KINDS), {
        description: 'How the actor had proved who they are; null if nobody had signed in yet',
      }),
      action: Enum(AUDIT_ACTIONS, action),
      resource: Type.String(resource),
      resource_id: Nullable(Type.String(), {
        description: 'The number of what it was done to; null if it was done to many at once',
        examples: resourceId.examples,
      }),
      address: Nullable(Type.String(), { description: 'The IP address from which it was done' }),
      request_id: Nullable(Type.String(), requestId),
      before: fields('What is no longer so; null where nothing was'),
      after: fields('What has become so; null where nothing is left'),
    },
    {
      description: 'Who did what, when and from where. Passwords, tokens and keys are in no entry.',
      examples: [
        {
          id: 42,
          at: '2026-01-31T09:30:00.000Z',
          actor: { id: 1, username: 'alice' },
          credential: 'session',
          action: 'user.role',
          resource: 'user',
          resource_id: '17',
          address: '192.0.2.7',
          request_id: '6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10',
          before: { role: 'author', permissions: 7 },
          after: { role: 'editor', permissions: 15 },
        },
      ],
    },
  ),
);
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditPage = pageOf('AuditPage', Ref(AuditEntry), 'entries of the audit log', {
  ...(AuditEntry.examples as [AuditEntry])[0],
});

export const AuditListQuery = Type.Object({
  actor_id: Type.Optional(Id('Only what this user did')),
  action: Type.Optional(Enum(AUDIT_ACTIONS, { ...action, description: 'Only this' })),
  resource: Type.Optional(
    Type.String({ ...resource, ...SHORT, description: 'Only what was done to this kind of thing' }),
  ),
  resource_id: Type.Optional(
    Type.String({
      ...resourceId,
      ...SHORT,
      description: 'Only what was done to the thing with this number; best with `resource`',
    }),
  ),
  request_id: Type.Optional(
    Type.String({ ...requestId, ...SHORT, description: 'Only what this request did' }),
  ),
  since: Type.Optional(Timestamp('Only what was done at this moment or later')),
  until: Type.Optional(Timestamp('Only what was done before this moment')),
  ...listQuery(['id'], '-id'),
});
export type AuditListQuery = Static<typeof AuditListQuery>;
