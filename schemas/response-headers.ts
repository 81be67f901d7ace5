import { type TSchema, Type } from '@sinclair/typebox';
import { Enum } from './types.js';

/** A documented response header. */
export interface ResponseHeader {
  description: string;
  schema: TSchema;
  example: string | number;
}

/**
 * Every documented response header, by name. `src/lib/document-headers.ts` derives which responses
 * have it.
 */
export const responseHeaders = {
  'X-Request-ID': {
    description:
      'The id of the request in the server log: the one that the client sent, or a ' +
      'generated UUID',
    schema: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
    example: '5b9a1c1e-0f5c-4a53-8f0e-5d3c7d1a2b3c',
  },
  'X-Response-Time': {
    description: 'The processing time, in seconds',
    schema: Type.String({ pattern: '^[0-9]+\\.[0-9]{4}s$' }),
    example: '0.0042s',
  },
  'Cache-Control': {
    description:
      'Whether the response may be cached: `no-store` forbids it; `no-cache` requires ' +
      'revalidation with the `ETag` before each use; `public` includes shared caches',
    schema: Type.String({ minLength: 1 }),
    example: 'no-store',
  },
  'X-Cache': {
    description:
      'Whether the response came from the cache (`hit`) or was read for this request (`miss`)',
    schema: Enum(['hit', 'miss']),
    example: 'hit',
  },
  'X-RateLimit-Limit': {
    description: 'The number of requests allowed per window',
    schema: Type.Integer({ minimum: 0 }),
    example: 600,
  },
  'X-RateLimit-Remaining': {
    description: 'The number of requests left in the current window',
    schema: Type.Integer({ minimum: 0 }),
    example: 599,
  },
  'X-RateLimit-Reset': {
    description: 'The number of seconds until the next window begins',
    schema: Type.Integer({ minimum: 0 }),
    example: 60,
  },
  'Set-Cookie': {
    description: 'A cookie to set, renew or clear. The header is repeated for several cookies.',
    schema: Type.String({ pattern: '^[^=; ]+=' }),
    example: 'althing_session=abc.def; Path=/; HttpOnly; SameSite=Lax',
  },
  'Content-Language': {
    description: 'The language of the messages, selected by `Accept-Language`',
    schema: Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]+)*$' }),
    example: 'en',
  },
  ETag: {
    description:
      'The version of the resource (RFC 9110, section 8.8.3), to send back as ' +
      '`If-None-Match` or `If-Match`',
    schema: Type.String({ pattern: '^(W/)?"[^"]*"$' }),
    example: '"3-full"',
  },
  Location: {
    description: 'The URL of the created resource or the redirect target, relative to the host',
    schema: Type.String({ format: 'uri-reference' }),
    example: '/api/v1/users/7',
  },
  Link: {
    description: 'Links to the first, previous, next and last page, if they exist (RFC 8288)',
    schema: Type.String({ pattern: '^<[^>]*>; rel="[a-z]+"(, <[^>]*>; rel="[a-z]+")*$' }),
    example: '</api/v1/users?page=1>; rel="first", </api/v1/users?page=2>; rel="next"',
  },
  'Idempotent-Replayed': {
    description: 'Marks the stored response to an earlier request with the same `Idempotency-Key`',
    schema: Enum(['true']),
    example: 'true',
  },
  'Content-Disposition': {
    description: 'Marks the response as a file to save, and names it (RFC 6266)',
    schema: Type.String({ pattern: '^(inline|attachment)(;|$)' }),
    example: 'attachment; filename=users.csv',
  },
  'Retry-After': {
    description: 'The number of seconds to wait before retrying',
    schema: Type.Integer({ minimum: 0 }),
    example: 2,
  },
  'WWW-Authenticate': {
    description: 'The authentication scheme to use (RFC 9110, section 11.6.1)',
    schema: Type.String({ pattern: '^[A-Za-z]+( .+)?$' }),
    example: 'Bearer',
  },
  Allow: {
    description: 'The methods that the path supports (RFC 9110, section 10.2.1)',
    schema: Type.String({ pattern: '^[A-Z]+(, [A-Z]+)*$' }),
    example: 'GET, HEAD, OPTIONS',
  },
} as const satisfies Record<string, ResponseHeader>;

export type ResponseHeaderName = keyof typeof responseHeaders;
