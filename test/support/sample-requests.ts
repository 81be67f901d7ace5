import type { OpenAPIV3_1 } from 'openapi-types';
import type { Scope } from '#schemas/scopes.js';
import { PASSWORD } from './app.js';
import type { Client } from './client.js';
import { contract } from './contract.js';

type Operation = OpenAPIV3_1.OperationObject & { 'x-key-scope'?: Scope | null };

/** Every operation of the contract. */
export const operations = Object.entries(contract.paths ?? {}).flatMap(([path, item]) =>
  (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
    const operation = item?.[method] as Operation | undefined;
    if (operation === undefined) return [];
    const { operationId: id = '' } = operation;
    const scope = operation['x-key-scope'] ?? undefined;
    return [{ id, path, method: method.toUpperCase() as 'GET', scope }];
  }),
);

/** Who sends a request body. */
export interface Sender {
  username: string;
  /** Without cookies. */
  client: Client;
  /** The values of the parameters of the path. */
  places: Readonly<Record<string, unknown>>;
}

/** Request bodies of operations that require one. */
const BODIES: Record<string, (sender: Sender) => unknown> = {
  'auth-login': ({ username }) => ({ username, password: PASSWORD }),
  'tokens-create': ({ username }) => new URLSearchParams({ username, password: PASSWORD }),
  'tokens-refresh': async ({ username, client }) => {
    const pair = await client.postForm('/api/v1/auth/token', { username, password: PASSWORD });
    return { refresh_token: pair.json.refresh_token };
  },
  'tokens-revoke': () => new URLSearchParams({ token: 'unknown' }),
  'registrations-create': ({ username }) => ({
    username: `new_${username}`,
    email: `${username}@example.org`,
    password: PASSWORD,
    confirm_password: PASSWORD,
    agree_terms: true,
  }),
  'registrations-resend': ({ username }) => ({ email: `${username}@example.org` }),
  'passwords-check': () => ({ password: PASSWORD }),
  'passwords-forgot': ({ username }) => ({ email: `${username}@example.org` }),
  'passwords-change': () => ({
    current_password: PASSWORD,
    new_password: `${PASSWORD}2`,
    confirm_password: `${PASSWORD}2`,
  }),
  'me-update': () => ({ nickname: 'Nick' }),
  'me-delete': () => ({ password: PASSWORD }),
  'emails-change': ({ username }) => ({ email: `${username}@example.org`, password: PASSWORD }),
  'api-keys-create': () => ({
    name: 'mine',
    scopes: ['me:read'],
    current_password: PASSWORD,
  }),
  'users-create': ({ username }) => ({ username: `new_${username}` }),
  'users-bulk-create': ({ username }) => [{ username: `new_${username}` }],
  'users-replace': ({ username }) => ({ username: `new_${username}` }),
  'users-update': () => ({ nickname: 'Nick' }),
  'users-assign-role': () => ({ role: 'editor' }),
  'posts-create': () => ({ title: 'New', content: 'Words.' }),
  'posts-replace': () => ({ title: 'New', content: 'Words.' }),
  'post-comments-create': () => ({ content: 'Words.' }),
  'comments-update': () => ({ content: 'Words.' }),
  'comments-moderate': () => ({ comments: [{ id: 1, version: 1 }], action: 'delete' }),
  'posts-update': () => ({ title: 'New' }),
  'tasks-create': () => ({ summary: 'New' }),
  'tasks-update': () => ({ summary: 'Newer' }),
  'projects-create': ({ username }) => ({ key: username.toUpperCase(), name: 'New' }),
  'projects-update': ({ username }) => ({
    key: username.toUpperCase(),
    name: 'Newer',
    time_zone: 'Europe/Berlin',
  }),
  'projects-change-member': () => ({ role: 'viewer' }),
  'projects-invite': ({ username }) => ({ email: `${username}@example.net` }),
  'projects-accept-invitation-by-token': ({ username }) => ({ token: sampleToken(username) }),
  'projects-create-label': ({ username }) => ({ name: username }),
  'projects-update-label': ({ username }) => ({ name: username }),
  'project-tasks-create': () => ({ summary: 'New', due_on: '2026-02-14' }),
  'project-tasks-update': () => ({ summary: 'Newer', description: 'Words.' }),
  'project-tasks-transition': () => ({ status: 'in_progress' }),
  'project-tasks-move': () => ({ after_id: null }),
  'project-tasks-bulk': ({ places }) => ({
    ids: [places['task_id']],
    changes: { priority: 'high' },
    status: 'in_progress',
  }),
  'project-tasks-add-item': () => ({ text: 'New' }),
  'project-tasks-change-item': () => ({ done: true }),
  'task-comments-create': () => ({ content: 'Words.' }),
  'task-comments-update': () => ({ content: 'Other words.' }),
  'notifications-mark-several-read': () => ({ up_to_id: 2_000_000_000 }),
  'notification-settings-update': () => ({ moved: 'mail' }),
  'categories-create': ({ username }) => ({ name: username }),
  'categories-replace': ({ username }) => ({ name: username }),
  'categories-update': ({ username }) => ({ name: username }),
  'tags-create': ({ username }) => ({ name: username }),
  'tags-replace': ({ username }) => ({ name: username }),
  'tags-update': ({ username }) => ({ name: username }),
};

/** Queries of operations that require one. */
const QUERIES: Record<string, string> = {
  search: '?q=word',
  'search-suggest': '?q=word',
  'search-tasks': '?q=word',
  'live-events': '?topics=posts&max_seconds=0',
};

/** Invalid bodies for operations that authenticate by their body, which the handler rejects. */
export const REFUSED_BY_HANDLER: Record<string, unknown> = {
  'emails-confirm': { token: 'unknown' },
  'passwords-reset': {
    token: 'unknown',
    new_password: PASSWORD,
    confirm_password: PASSWORD,
  },
};

/** The token that accepts an invitation in the sample body of this user. */
export function sampleToken(username: string): string {
  return `invites ${username}`;
}

/** Returns the query that an operation requires, with its question mark. */
export function sampleQuery(operation: string): string {
  return QUERIES[operation] ?? '';
}

/**
 * Returns the body, if any, and the content type of a valid request; of operations in
 * `REFUSED_BY_HANDLER`, of one that the handler rejects.
 */
export async function sampleBody(
  operation: string,
  sender: Sender,
): Promise<{ headers: Record<string, string>; payload?: string | object }> {
  const body = REFUSED_BY_HANDLER[operation] ?? (await BODIES[operation]?.(sender));
  if (body === undefined) return { headers: {} };
  if (!(body instanceof URLSearchParams)) return { headers: {}, payload: body as object };
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: body.toString(),
  };
}
