import type { FastifyContextConfig, FastifySchema } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { PERMISSIONS, type Permission } from '#schemas/roles.js';
import { SCOPES } from '#schemas/scopes.js';
import type { Access } from './access.js';
import { COOKIE_NAMES, productionName } from './cookies.js';

const SCOPE_LINES = Object.entries(SCOPES).map(([name, meaning]) => `- \`${name}\`: ${meaning}`);

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The setting that restricts a public operation to signed-in users. The document, which is the
     * same for all settings, describes the operation as public and names the setting.
     */
    closedBy?: string;
  }
}

/** The security schemes of the OpenAPI document. */
export const SECURITY_SCHEMES: Record<string, OpenAPIV3_1.SecuritySchemeObject> = {
  token: {
    type: 'oauth2',
    description: 'An access token, sent as `Authorization: Bearer …`',
    flows: {
      password: {
        tokenUrl: '/api/v1/auth/token',
        refreshUrl: '/api/v1/auth/token',
        scopes: {},
      },
    },
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: COOKIE_NAMES.session,
    description:
      'The session cookie, set by `POST /api/v1/auth/login`. The browser sends it by itself: enter ' +
      `nothing here. Its name is \`${COOKIE_NAMES.session}\`, and ` +
      `\`${productionName('session')}\` in production, where browsers accept it over https only.`,
  },
  key: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description:
      'An API key, sent as `X-API-Key` or as `Authorization: Bearer alt_…`. It is limited to ' +
      `its scopes:\n\n${SCOPE_LINES.join('\n')}`,
  },
};

/**
 * Documents who may call an operation: for programs as `security`, `x-permission` and
 * `x-key-scope`, and for people at the end of its description.
 */
export function describeAccess(
  { description }: FastifySchema,
  { scope, closedBy, ...config }: FastifyContextConfig = {},
): Partial<FastifySchema> & Record<`x-${string}`, unknown> {
  const { access = 'public' } = closedBy === undefined ? config : {};
  const sentences = [
    closedBy === undefined
      ? undefined
      : `**Access:** everyone; signed-in users if the service is configured with \`${closedBy}\`.`,
    access === 'public' ? undefined : `**Access:** ${PEOPLE[access]}.`,
    typeof scope === 'string' ? `**API key:** needs the scope \`${scope}\`.` : undefined,
    scope === null ? '**API key:** not accepted.' : undefined,
  ].filter((sentence) => sentence !== undefined);
  return {
    ...(description === undefined || sentences.length === 0
      ? {}
      : { description: `${description}\n\n${sentences.join(' ')}` }),
    // Empty for public operations, even if they show signed-in users more: of `{}` beside other
    // requirements, tools make a closed lock, and generated clients a mandatory parameter.
    security:
      access === 'public'
        ? []
        : [
            ...(scope === undefined ? [] : [{ token: [] }]),
            { session: [] },
            ...(typeof scope === 'string' ? [{ key: [] }] : []),
          ],
    ...(access === 'public' ? {} : { 'x-permission': access }),
    // Not in `security`: tools expect scopes there only for the type oauth2. Null refuses all keys.
    ...(scope === undefined ? {} : { 'x-key-scope': scope }),
  };
}

const PEOPLE: Record<Exclude<Access, 'public'>, string> = {
  user: 'signed-in users',
  owner: 'the owner and administrators',
  ...(Object.fromEntries(
    Object.entries(PERMISSIONS).map(([name, bit]) => [
      name,
      `users with the permission ${name.toUpperCase()} (${bit})`,
    ]),
  ) as Record<Permission, string>),
  admin: 'administrators',
};
