import { Type } from '@sinclair/typebox';

const MAX_TAGS_LENGTH = 1000;

/** The `If-Match` header, which prevents lost updates. */
export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: MAX_TAGS_LENGTH,
      description:
        'The `ETag` of the resource when you read it. If the resource has changed since, ' +
        'nothing is written and the response is 412.',
    }),
  ),
});

/** The `If-None-Match` header, which avoids sending a body that the client already has. */
export const IfNoneMatchHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({
      maxLength: MAX_TAGS_LENGTH,
      description:
        'The `ETag` of your cached copy. If it is still current, the response is 304 ' +
        'without a body.',
    }),
  ),
});

/** The 304 response, which has no body. */
export const NotModified = Type.Null({ description: 'Your cached copy is still current' });

export const idempotencyKeyHeader = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    description:
      'Makes the request safe to retry. For 24 hours, a retry with the same key is not ' +
      'executed again but gets the first response, with `Idempotent-Replayed: true`.',
  }),
);

export const csrfTokenHeader = Type.Optional(
  Type.String({
    maxLength: 200,
    description:
      'The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by ' +
      'the session cookie',
  }),
);
