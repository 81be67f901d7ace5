import { type TSchema, Type } from '@sinclair/typebox';
import { Enum } from './types.js';

/** A header of an answer: what it says, which values it has, and one of them. */
export interface ResponseHeader {
  description: string;
  schema: TSchema;
  example: string | number;
}

/**
 * Every header of an answer that a client is told of, by its name. Which answers have it is derived
 * in src/lib/document-headers.ts.
 */
export const responseHeaders = {
  'X-Request-ID': {
    description:
      'The id under which the log has the request: the one that the client sent, or a UUID',
    schema: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
    example: '5b9a1c1e-0f5c-4a53-8f0e-5d3c7d1a2b3c',
  },
  'X-Response-Time': {
    description: 'How long the service took, in seconds',
    schema: Type.String({ pattern: '^\\d+\\.\\d{4}s$' }),
    example: '0.0042s',
  },
  'Cache-Control': {
    description:
      'Whether the answer may be kept: not at all, or, with an `ETag`, to be asked for again each ' +
      'time; by shared caches too, if it is `public`',
    schema: Type.String({ minLength: 1 }),
    example: 'no-store',
  },
  'X-Cache': {
    description: 'Whether the answer was kept (`hit`), or read for this request (`miss`)',
    schema: Enum(['hit', 'miss']),
    example: 'hit',
  },
  'X-RateLimit-Limit': {
    description: 'How many requests the window allows',
    schema: Type.Integer({ minimum: 0 }),
    example: 600,
  },
  'X-RateLimit-Remaining': {
    description: 'How many of them are left',
    schema: Type.Integer({ minimum: 0 }),
    example: 599,
  },
  'X-RateLimit-Reset': {
    description: 'In how many seconds the next window begins',
    schema: Type.Integer({ minimum: 0 }),
    example: 60,
  },
  'Set-Cookie': {
    description:
      'A cookie that is set, renewed or cleared; with several, the header comes several times',
    schema: Type.String({ pattern: '^[^=;\\s]+=' }),
    example: 'althing_session=abc.def; Path=/; HttpOnly; SameSite=Lax',
  },
  'Content-Language': {
    description: 'The language of the sentences, chosen by `Accept-Language`',
    schema: Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]+)*$' }),
    example: 'en',
  },
  ETag: {
    description:
      'Names this version of the resource (RFC 9110, section 8.8.3), for `If-None-Match` and `If-Match`',
    schema: Type.String({ pattern: '^(W/)?"[^"]*"$' }),
    example: '"3-full"',
  },
  Location: {
    description: 'Where it is that was created, or that is meant, relative to the host',
    schema: Type.String({ format: 'uri-reference' }),
    example: '/api/v1/users/7',
  },
  Link: {
    description: 'The first, previous, next and last page, as far as there are such (RFC 8288)',
    schema: Type.String({ pattern: '^<[^>]*>; rel="[a-z]+"(, <[^>]*>; rel="[a-z]+")*$' }),
    example: '</api/v1/users?page=1>; rel="first", </api/v1/users?page=2>; rel="next"',
  },
  'Idempotent-Replayed': {
    description: 'This answer was given before, to the first request with the `Idempotency-Key`',
    schema: Enum(['true']),
    example: 'true',
  },
  'Content-Disposition': {
    description: 'That the answer is a file to be saved, and its name (RFC 6266)',
    schema: Type.String({ pattern: '^(inline|attachment)\\b' }),
    example: 'attachment; filename=users.csv',
  },
  'Retry-After': {
    description: 'After how many seconds it is worth asking again',
    schema: Type.Integer({ minimum: 0 }),
    example: 2,
  },
  'WWW-Authenticate': {
    description: 'How to prove who is asking (RFC 9110, section 11.6.1)',
    schema: Type.String({ pattern: '^[A-Za-z]+( .+)?$' }),
    example: 'Bearer',
  },
  Allow: {
    description: 'The methods that the path answers to (RFC 9110, section 10.2.1)',
    schema: Type.String({ pattern: '^[A-Z]+(, [A-Z]+)*$' }),
    example: 'GET, HEAD, OPTIONS',
  },
} as const satisfies Record<string, ResponseHeader>;

export type ResponseHeaderName = keyof typeof responseHeaders;
