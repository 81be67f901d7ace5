/**
 * What an API key may be good for, each with its meaning. An operation names the one that a key
 * needs for it.
 */
export const SCOPES = {
  'users:read': 'Read users',
  'users:write': 'Create, change and delete users',
  'me:read': 'Read the account of whom the key belongs to',
  'me:write': 'Change the account of whom the key belongs to',
  'posts:read': 'Read articles, those too that only you may see',
  'posts:write': 'Write, publish and delete articles, their categories and tags',
  'comments:write': 'Write, moderate and delete comments',
  'trash:read': 'Read what was deleted',
  'trash:write': 'Restore what was deleted, or remove it for good',
  'audit:read': 'Read the audit log',
  'jobs:read': 'Read what runs in the background',
  'jobs:write': 'Run again what has failed in the background',
} as const;

export type Scope = keyof typeof SCOPES;
export const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];
