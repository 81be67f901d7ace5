import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { currentPassword } from './passwords.js';
import { VISIBLE_PATTERN } from './posts.js';
import { SCOPE_NAMES } from './scopes.js';
import { Component, Default, Enum, Id, Nullable, Ref, StoredText, Timestamp } from './types.js';

/** The columns that a list of API keys can be sorted by. */
export const API_KEY_SORTS = ['id', 'created_at'] as const;
export type ApiKeySort = (typeof API_KEY_SORTS)[number];

/** The maximum number of API keys per user, expired ones included. */
export const MAX_API_KEYS = 50;

const name = StoredText({
  minLength: 1,
  maxLength: 100,
  pattern: VISIBLE_PATTERN,
  description: 'A label for the key',
  examples: ['Nightly backup'],
});

const scopes = Type.Array(Enum(SCOPE_NAMES), {
  minItems: 1,
  maxItems: SCOPE_NAMES.length,
  uniqueItems: true,
  description: 'The scopes of the key. It never has more permissions than its user.',
  examples: [['users:read']],
});

function expiry(description: string) {
  return Nullable(Timestamp(description), { description });
}

const fields = {
  id: Id('The id of the API key'),
  name: Type.String({ description: 'A label for the key', examples: ['Nightly backup'] }),
  prefix: Type.String({
    description: 'The first characters of the key, to identify it',
    examples: ['alt_5f0c12ab'],
  }),
  scopes,
  created_at: Timestamp('When the key was created'),
  last_used_at: expiry('When the key was last used, accurate to the minute; null if never'),
  expires_at: expiry('When the key expires; null if never'),
};

const example = {
  id: 3,
  name: 'Nightly backup',
  prefix: 'alt_5f0c12ab',
  scopes: ['users:read' as const],
  created_at: '2026-01-31T09:30:00.000Z',
  last_used_at: null,
  expires_at: '2027-01-31T00:00:00.000Z',
};

export const ApiKey = Component(
  'ApiKey',
  Type.Object(fields, {
    description: 'An API key without its secret, of which only a hash is stored',
    examples: [example],
  }),
);
export type ApiKey = Static<typeof ApiKey>;

export const ApiKeyCreated = Component(
  'ApiKeyCreated',
  Type.Object(
    {
      ...fields,
      key: Type.String({
        description: 'The secret to send with requests. It is shown only in this response.',
      }),
    },
    {
      description: 'A new API key, with its secret',
      examples: [{ ...example, key: 'alt_5f0c12ab_bm90LWEtcmVhbC1rZXktYnV0LWFzLWxvbmctYXMtb24' }],
    },
  ),
);
export type ApiKeyCreated = Static<typeof ApiKeyCreated>;

export const ApiKeyCreate = Component(
  'ApiKeyCreate',
  Type.Object(
    {
      name,
      scopes,
      expires_at: Default(expiry('When the key expires; null for a key that never expires'), null),
      current_password: currentPassword,
    },
    {
      description: 'The API key to create, and your password',
      examples: [
        {
          name: 'Nightly backup',
          scopes: ['users:read'],
          current_password: 'Correct-Horse-9',
        },
      ],
    },
  ),
);
export type ApiKeyCreate = Static<typeof ApiKeyCreate>;

export const ApiKeyPage = pageOf('ApiKeyPage', Ref(ApiKey), 'API keys', example);

export const ApiKeyListQuery = Type.Object(listQuery(API_KEY_SORTS));
export type ApiKeyListQuery = Static<typeof ApiKeyListQuery>;

export const ApiKeyParams = Type.Object({ id: Id('The id of the API key') });
