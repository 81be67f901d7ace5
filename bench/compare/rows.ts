import type { Credentials } from './credentials.js';
import { type DataSize, RICH_POST } from './fill.js';
import type { LoadRequest } from './load.js';
import type { Ceiling, Row } from './row.js';

export const JSON_TYPE = { 'content-type': 'application/json' };

/** The number of different requests of a row, enough that none stays in a cache. */
const VARIANTS = 1792;
const PAGE_SIZE = 10;

/** A valid body, without a username that was used before. */
export const NEW_USER = {
  username: 'u_{n}',
  email: 'u_{n}@example.com',
  nickname: 'John',
  bio: 'A few words about John, as people write them of themselves.',
  avatar_url: 'https://example.com/john.png',
  age: 30,
  tags: ['staff', 'beta'],
  address: { street: 'Main St 123', city: 'Shenzhen', zipcode: '518000' },
  role: 'author',
  is_active: true,
};

const WRONG_USER = {
  ...NEW_USER,
  username: '1',
  email: 'nobody',
  age: 200,
  tags: ['staff', '', 7],
  role: 'boss',
};

/** The parameters of an insert for pgbench. */
const INSERTED = [
  "('p_' || :n::text)",
  "('p_' || :n::text || '@example.com')",
  `'${NEW_USER.nickname}'`,
  `'${NEW_USER.bio}'`,
  `'${NEW_USER.avatar_url}'`,
  '30',
  `'{${NEW_USER.tags}}'`,
  `'${JSON.stringify(NEW_USER.address)}'`,
  'true',
  "('p_' || :n::text)",
  "('p_' || :n::text || '@example.com')",
  "'john'",
  '7',
];

/** Returns the rows with targets, and what belongs to them, in the order of the table. */
export function rowsOf(size: DataSize, { admin, author }: Credentials): Row[] {
  const users = variants((n) => ({ path: `/api/v1/users/${1 + ((n * 7919) % (size.users - 2))}` }));
  const insert = {
    method: 'POST',
    headers: { ...JSON_TYPE, authorization: admin },
    body: JSON.stringify(NEW_USER),
  } as const;
  const read = { status: 200, target: null };
  const anyUser = `id random(1, ${size.users - 100})`;
  const deepPages = Math.floor((size.posts * 0.97) / PAGE_SIZE);
  const bare: Ceiling = {
    variables: ['n random(1, 1000000000000)'],
    statements: { 'user-insert': INSERTED },
  };
  return [
    {
      ...read,
      name: 'one row by id',
      target: 0.8,
      requests: users,
      ceiling: { variables: [anyUser], statements: { user: [':id', 'true'] } },
    },
    {
      ...read,
      name: 'one row by id, bearer token',
      target: 0.65,
      requests: users.map((each) => ({ ...each, headers: { authorization: author } })),
    },
    {
      ...read,
      name: 'list page with total',
      target: 1,
      requests: variants((n) => ({ path: `/api/v1/users?page=${1 + (n % 200)}` })),
      ceiling: {
        variables: ['page random(0, 199)'],
        statements: { 'users-page': ['true', '(:page * 10)'], 'users-count': ['true'] },
      },
    },
    {
      ...read,
      name: 'list by cursor',
      target: 0.85,
      requests: variants((n) => ({
        path: `/api/v1/users?cursor=${cursorOf(1 + ((n * 7919) % (size.users - 100)))}`,
      })),
      ceiling: { variables: [anyUser], statements: { 'users-after': ['true', ':id'] } },
    },
    {
      name: 'invalid body, 422',
      status: 422,
      hasOwnErrors: true,
      target: 0.8,
      requests: [
        {
          method: 'POST',
          path: '/api/v1/auth/login',
          headers: JSON_TYPE,
          body: JSON.stringify({ username: '', remember: 'perhaps' }),
        },
      ],
    },
    {
      name: 'invalid body, 422, bearer token',
      status: 422,
      hasOwnErrors: true,
      target: null,
      requests: [{ ...insert, path: '/api/v1/users', body: JSON.stringify(WRONG_USER) }],
    },
    {
      name: 'insert, against a bare insert',
      status: 201,
      target: 0.45,
      isWrite: true,
      requests: [{ ...insert, path: '/api/v1/users' }],
      peerRequests: [{ ...insert, path: '/bare/users' }],
      ceiling: bare,
    },
    {
      name: 'insert, against the same transaction',
      status: 201,
      target: 0.8,
      isWrite: true,
      requests: [{ ...insert, path: '/api/v1/users' }],
    },
    { ...read, name: 'health', target: 0.75, requests: [{ path: '/health' }] },
    {
      ...read,
      name: 'posts page, cached',
      target: 20,
      requests: [{ path: '/api/v1/posts' }],
      ceiling: {
        variables: [],
        statements: { 'posts-page': ['0', '0'], 'posts-count': [] },
      },
    },
    {
      name: 'posts page, cached, 304',
      status: 304,
      target: 20,
      isConditional: true,
      requests: [{ path: '/api/v1/posts' }],
    },
    {
      ...read,
      name: 'posts, deep pages, not cached',
      target: 1.3,
      requests: variants((n) => ({
        path: `/api/v1/posts?page=${deepPage(n, deepPages)}`,
      })),
      ceiling: {
        variables: [`page random(${deepPage(0, deepPages) - 1}, ${deepPages - 1})`],
        statements: { 'posts-page': ['(:page * 10)', '0'], 'posts-count': [] },
      },
    },
    {
      ...read,
      name: 'post by slug, 50 tags, cached',
      requests: [{ path: `/api/v1/posts/slug/post-${RICH_POST}` }],
      ceiling: { variables: [], statements: { 'post-by-slug': [`'post-${RICH_POST}'`] } },
    },
  ];
}

/** Returns different requests, enough that none stays in a cache. */
export function variants(make: (n: number) => LoadRequest): LoadRequest[] {
  return Array.from({ length: VARIANTS }, (_, n) => make(n));
}

/** The last pages, as many as there are variants. */
function deepPage(n: number, pages: number): number {
  return Math.max(1, pages - VARIANTS) + n;
}

function cursorOf(id: number): string {
  return Buffer.from(JSON.stringify(['id', id, id])).toString('base64url');
}
