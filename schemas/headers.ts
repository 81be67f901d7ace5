import { Type } from '@sinclair/typebox';

const MAX_TAGS_LENGTH = 1000;

/** Guards a change against overwriting somebody else's. */
export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: MAX_TAGS_LENGTH,
      description:
        'The `ETag` of the resource as it was read. If it has been changed since, nothing is written ' +
        'and the answer is 412.',
    }),
  ),
});

/** Spares a client the body that it already has. */
export const IfNoneMatchHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({
      maxLength: MAX_TAGS_LENGTH,
      description:
        'The `ETag` that the client already has; if it is still right, the answer is 304.',
    }),
  ),
});

/** The answer that has no body, as the client has it. */
export const NotModified = Type.Null({ description: 'The client has it already' });

export const idempotencyKeyHeader = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description:
      'Makes the request safe to repeat: for 24 hours the same key gets the first answer again, ' +
      'with `Idempotent-Replayed: true`, and nothing is done twice.',
  }),
);

export const csrfTokenHeader = Type.Optional(
  Type.String({
    maxLength: 200,
    description: 'The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent',
  }),
);
