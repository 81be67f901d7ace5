import type { FastifyContextConfig, FastifySchema } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { PERMISSIONS, type Permission } from '#schemas/roles.js';
import { SCOPES } from '#schemas/scopes.js';
import type { Access } from './access.js';
import { SESSION_COOKIE } from './sessions.js';

const SCOPE_LINES = Object.entries(SCOPES).map(([name, meaning]) => `- \`${name}\`: ${meaning}`);

/** The ways to say who is asking, as the document lists them. */
export const SECURITY_SCHEMES: Record<string, OpenAPIV3_1.SecuritySchemeObject> = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'The cookie that `POST /api/v1/auth/login` sets',
  },
  token: {
    type: 'oauth2',
    description: 'An access token, as `Authorization: Bearer …`',
    flows: {
      password: {
        tokenUrl: '/api/v1/auth/token',
        refreshUrl: '/api/v1/auth/token',
        scopes: {},
      },
    },
  },
  key: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: `An API key; also as \`Authorization: Bearer alt_…\`. It is good for its scopes:\n\n${SCOPE_LINES.join('\n')}`,
  },
};

/**
 * Who may call an operation, for programs (`security`, `x-permission`, `x-key-scope`) and, at the
 * end of its description, for people.
 */
export function describeAccess(
  { description }: FastifySchema,
  { access = 'public', scope }: FastifyContextConfig = {},
): Partial<FastifySchema> & Record<`x-${string}`, unknown> {
  const sentences = [
    access === 'public' ? undefined : `**Who:** ${PEOPLE[access]}.`,
    typeof scope === 'string' ? `**Key:** needs the scope \`${scope}\`.` : undefined,
    scope === null ? '**Key:** none will do.' : undefined,
  ].filter((sentence) => sentence !== undefined);
  return {
    ...(description === undefined || sentences.length === 0
      ? {}
      : { description: `${description}\n\n${sentences.join(' ')}` }),
    security: [
      ...(access === 'public' ? [{}] : []),
      { session: [] },
      ...(scope === undefined ? [] : [{ token: [] }]),
      ...(typeof scope === 'string' ? [{ key: [] }] : []),
    ],
    ...(access === 'public' ? {} : { 'x-permission': access }),
    // Not in `security`, where tools look for the scopes of the type oauth2 alone.
    ...(typeof scope === 'string' ? { 'x-key-scope': scope } : {}),
  };
}

const PEOPLE: Record<Exclude<Access, 'public'>, string> = {
  user: 'anyone who has signed in',
  owner: 'whose it is, and administrators',
  ...(Object.fromEntries(
    Object.entries(PERMISSIONS).map(([name, bit]) => [
      name,
      `whoever has the permission ${name.toUpperCase()} (${bit})`,
    ]),
  ) as Record<Permission, string>),
  admin: 'administrators',
};
