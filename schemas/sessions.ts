import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Component, Enum, Nullable, Ref, Timestamp } from './types.js';

/** The columns that the list of sessions can be sorted by. */
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
      id: Type.Integer({ minimum: 1, description: 'The id of the session' }),
      kind: Enum(['cookie', 'token'], {
        description: 'How the client authenticates: with a session cookie or with tokens',
      }),
      created_at: Timestamp('When the session was started'),
      last_seen_at: Timestamp(
        'When the session was last used, accurate to the minute; for a session with tokens, ' +
          'when they were last renewed',
      ),
      expires_at: Timestamp(
        'When the session expires if it is not used again. Every use extends it, up to a fixed ' +
          'time after the start: 30 days with a cookie and 90 days with tokens, unless ' +
          'configured otherwise.',
      ),
      address: Nullable(Type.String(), {
        description: 'The IP address that the session was started from',
      }),
      user_agent: Nullable(Type.String(), {
        description: 'The `User-Agent` header when the session was started',
      }),
      browser: Nullable(Type.String(), {
        description: 'The browser; null if unknown',
      }),
      platform: Nullable(Type.String(), {
        description: 'The operating system; null if unknown',
      }),
      remember: Type.Boolean({
        description:
          'Whether the session is kept for 30 days after its last use instead of 30 minutes',
      }),
      current: Type.Boolean({
        description: 'Whether this request belongs to the session',
      }),
    },
    {
      description: 'A session: one browser or client that is signed in',
      examples: [sessionExample],
    },
  ),
);
export type Session = Static<typeof Session>;

export const SessionPage = pageOf('SessionPage', Ref(Session), 'sessions', sessionExample);

export const SessionListQuery = Type.Object(listQuery(SESSION_SORTS, '-last_seen_at'));
export type SessionListQuery = Static<typeof SessionListQuery>;

export const SessionParams = Type.Object({
  id: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_647,
    description: 'The id of the session',
    examples: [1001],
  }),
});

export const SessionsEnded = Component(
  'SessionsEnded',
  Type.Object(
    { ended: Type.Integer({ minimum: 0, description: 'The number of sessions that were ended' }) },
    { description: 'The result of ending sessions', examples: [{ ended: 2 }] },
  ),
);
