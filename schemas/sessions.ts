import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Component, Enum, Nullable, Ref, Timestamp } from './types.js';

/** What the list of sign-ins may be sorted by. */
export const SESSION_SORTS = ['last_seen_at', 'created_at', 'id'] as const;

const sessionExample = {
  id: 7,
  kind: 'cookie',
  created_at: '2026-01-31T09:30:00.000Z',
  last_seen_at: '2026-01-31T10:00:00.000Z',
  expires_at: '2026-01-31T10:30:00.000Z',
  address: '203.0.113.7',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
  browser: 'firefox',
  platform: 'linux',
  remember: false,
  current: true,
} as const;

export const Session = Component(
  'Session',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The number of the sign-in' }),
      kind: Enum(['cookie', 'token'], {
        description: 'Whether it is a browser with a cookie, or a client that holds tokens',
      }),
      created_at: Timestamp('When it began'),
      last_seen_at: Timestamp('When it was last used, to the minute'),
      expires_at: Timestamp('When it ends unless it is used before'),
      address: Nullable(Type.String(), { description: 'The address that it began from' }),
      user_agent: Nullable(Type.String(), {
        description: 'What the browser or client called itself when it began',
      }),
      browser: Nullable(Type.String(), {
        description: 'The kind of browser; null if it is none of the common ones',
      }),
      platform: Nullable(Type.String(), {
        description: 'The kind of machine; null if it is none of the common ones',
      }),
      remember: Type.Boolean({
        description: 'Whether it lives 30 days, and not 30 minutes, after its last use',
      }),
      current: Type.Boolean({
        description: 'Whether it is the one that this request was made with',
      }),
    },
    {
      description: 'A browser or client in which you are signed in',
      examples: [sessionExample],
    },
  ),
);
export type Session = Static<typeof Session>;

export const SessionPage = pageOf('SessionPage', Ref(Session), 'sign-ins', sessionExample);

export const SessionListQuery = Type.Object(listQuery(SESSION_SORTS, '-last_seen_at'));
export type SessionListQuery = Static<typeof SessionListQuery>;

export const SessionParams = Type.Object({
  id: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'The number of the sign-in',
    examples: [1001],
  }),
});

export const SessionsEnded = Component(
  'SessionsEnded',
  Type.Object(
    { ended: Type.Integer({ minimum: 0, description: 'How many have ended' }) },
    { description: 'The outcome of ending sign-ins', examples: [{ ended: 2 }] },
  ),
);
