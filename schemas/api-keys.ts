import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { SCOPE_NAMES } from './scopes.js';
import { Component, Default, Enum, Id, Nullable, Ref, Timestamp } from './types.js';

/** What a list of keys may be sorted by. */
export const API_KEY_SORTS = ['id', 'created_at'] as const;
export type ApiKeySort = (typeof API_KEY_SORTS)[number];

/** How many keys one user may have, those that have expired included. */
export const MAX_API_KEYS = 50;

const name = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'What the key is for, in your words',
  examples: ['Nightly backup'],
});

const scopes = Type.Array(Enum(SCOPE_NAMES), {
  minItems: 1,
  maxItems: SCOPE_NAMES.length,
  uniqueItems: true,
  description: 'What the key is good for; it never allows more than its user may do',
  examples: [['users:read']],
});

function expiry(description: string) {
  return Nullable(Timestamp(description), { description });
}

const fields = {
  id: Id('The number of the key'),
  name,
  prefix: Type.String({
    description: 'How the key begins, by which one that is found can be told',
    examples: ['alt_5f0c12ab'],
  }),
  scopes,
  created_at: Timestamp('When the key was created'),
  last_used_at: expiry('When the key was last used, to the minute; null if never'),
  expires_at: expiry('From when on the key is refused; null if never'),
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
    description: 'An API key, without the key itself, which is not kept',
    examples: [example],
  }),
);
export type ApiKey = Static<typeof ApiKey>;

export const ApiKeyCreated = Component(
  'ApiKeyCreated',
  Type.Object(
    {
      ...fields,
      key: Type.String({ description: 'The key itself, shown this once; it cannot be had again' }),
    },
    {
      description: 'An API key that has just been created',
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
      expires_at: Default(expiry('From when on the key is to be refused; null: never'), null),
    },
    {
      description: 'An API key to be created',
      examples: [{ name: 'Nightly backup', scopes: ['users:read'] }],
    },
  ),
);
export type ApiKeyCreate = Static<typeof ApiKeyCreate>;

export const ApiKeyPage = pageOf('ApiKeyPage', Ref(ApiKey), 'API keys', example);

export const ApiKeyListQuery = Type.Object(listQuery(API_KEY_SORTS));
export type ApiKeyListQuery = Static<typeof ApiKeyListQuery>;

export const ApiKeyParams = Type.Object({ id: Id('The number of the key') });
