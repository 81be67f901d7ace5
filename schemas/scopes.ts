/**
 * The scopes of API keys, each with its description. An operation declares the scope that a key
 * needs.
 */
export const SCOPES = {
  'users:read': 'Read users',
  'users:write': 'Create, change and delete users, except administrators',
  'me:read': 'Read the account that the key belongs to',
  'me:write': 'Change the profile of the account that the key belongs to',
  'posts:read': 'Read posts, comments, categories and tags, including those that only you may see',
  'posts:write': 'Write, publish and delete posts; manage categories and tags',
  'comments:write': 'Write, moderate and delete comments',
  'tasks:read': 'Read your personal tasks',
  'tasks:write': 'Create, change and delete your personal tasks',
  'projects:read': 'Read the projects that you are a member of, and their tasks',
  'projects:write': 'Create, change and delete projects and their tasks; manage their members',
  'notifications:read': 'Read your notifications and their settings',
  'notifications:write':
    'Mark your notifications as read; change their settings; mute projects and tasks',
  'trash:read': 'List the trash',
  'trash:write': 'Restore from the trash, or purge',
  'live:read': 'Receive live updates of what the other scopes allow to read',
  'audit:read': 'Read the audit log',
  'jobs:read': 'Read background jobs',
  'jobs:write': 'Retry background jobs',
  'system:read': 'Read the overview of the service and its database',
} as const;

export type Scope = keyof typeof SCOPES;
export const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];
