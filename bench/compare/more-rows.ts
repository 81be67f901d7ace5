import { WORDS } from '#bench/articles/texts.js';
import { type Credentials, USER_AGENT } from './credentials.js';
import { API_KEY, AUTHOR, type DataSize, PASSWORD, RICH_POST } from './fill.js';
import type { Row } from './row.js';
import { JSON_TYPE, NEW_USER, variants } from './rows.js';

const BULK = 1000;
const { common, rare } = WORDS;

/** Searches of one client wait beyond this number. */
const SEARCHES = 4;
/** Passwords are checked by as many threads as Node has by default. */
const LOGINS = 4;
/** Pages of the comments of one post that are full. */
const COMMENT_PAGES = 6;

/** Returns the rows without targets, which only L1 does too. */
export function moreRowsOf(size: DataSize, { admin, cookie }: Credentials): Row[] {
  const users = variants((n) => ({ path: `/api/v1/users/${1 + ((n * 7919) % (size.users - 2))}` }));
  const read = { status: 200, target: null, peers: [] };
  return [
    {
      ...read,
      name: 'one row by id, session cookie',
      requests: users.map((each) => ({ ...each, headers: { cookie, 'user-agent': USER_AGENT } })),
    },
    {
      ...read,
      name: 'one row by id, API key',
      requests: users.map((each) => ({ ...each, headers: { 'x-api-key': API_KEY } })),
    },
    {
      ...read,
      name: 'users, deep pages',
      requests: variants((n) => ({
        path: `/api/v1/users?page=${size.users / 10 - 1 - (n % 200)}`,
      })),
    },
    {
      ...read,
      name: 'comments of a post, flat',
      requests: variants((n) => ({
        path: `/api/v1/posts/${RICH_POST}/comments?form=flat&page=${1 + (n % COMMENT_PAGES)}`,
      })),
    },
    search('search, common English word', common.English),
    search('search, common Chinese word', common.Chinese),
    search('search, rare English word', rare.English),
    search('search, rare Chinese word', rare.Chinese),
    {
      ...read,
      name: 'login',
      connections: LOGINS,
      requests: [
        {
          method: 'POST',
          path: '/api/v1/auth/login',
          headers: JSON_TYPE,
          body: JSON.stringify({ username: AUTHOR, password: PASSWORD }),
        },
      ],
    },
    {
      ...read,
      name: 'CSV export',
      connections: 1,
      amount: 3,
      requests: [{ path: '/api/v1/users/export.csv' }],
    },
    {
      ...read,
      name: `bulk of ${BULK} users`,
      status: 201,
      isWrite: true,
      connections: 4,
      leastSeconds: 4,
      requests: [
        {
          method: 'POST',
          path: '/api/v1/users/bulk',
          headers: { ...JSON_TYPE, authorization: admin },
          body: JSON.stringify(
            Array.from({ length: BULK }, (_, index) => ({
              ...NEW_USER,
              username: `u_{n}_${index}`,
              email: `u_{n}_${index}@example.com`,
            })),
          ),
        },
      ],
    },
  ];
}

/** L1 searches posts only, and neither folds nor counts; no search is cached. */
function search(name: string, word: string): Row {
  return {
    name: `${name}, against a plain search`,
    status: 200,
    target: null,
    peers: [],
    isPlainer: true,
    connections: SEARCHES,
    requests: variants((n) => {
      const query = `q=${encodeURIComponent(word)}&size=${1 + (n % 20)}&page=${1 + (n % 33)}`;
      return { path: `/api/v1/search?${query}` };
    }),
  };
}
