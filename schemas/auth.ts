import { type Static, Type } from '@sinclair/typebox';
import { Component, Default, type OperationTag, StoredText } from './types.js';

export const tag: OperationTag = {
  name: 'auth',
  description: 'Registration, sessions, tokens and passwords',
};

/** The password of an existing account. The password rules are not applied to it. */
export const knownPassword = Type.String({
  minLength: 1,
  maxLength: 128,
  format: 'password',
  description: 'The password of the account',
});

export const Login = Component(
  'Login',
  Type.Object(
    {
      username: StoredText({
        minLength: 1,
        maxLength: 120,
        description: 'The username or email address',
      }),
      password: knownPassword,
      remember: Default(
        Type.Boolean({
          description:
            'Keeps the session for 30 days after its last use instead of 30 minutes, but not ' +
            'beyond the time at which every session ends: 30 days after it started, unless ' +
            'configured otherwise',
        }),
        false,
      ),
    },
    {
      description: 'The credentials to sign in with',
      examples: [{ username: 'admin', password: 'Correct-Horse-9' }],
    },
  ),
);
export type Login = Static<typeof Login>;

export const LoginStatus = Component(
  'LoginStatus',
  Type.Object(
    { status: Type.Literal('login_ok', { description: 'Always `login_ok`' }) },
    { description: 'The session was started', examples: [{ status: 'login_ok' }] },
  ),
);

export const LogoutStatus = Component(
  'LogoutStatus',
  Type.Object(
    { status: Type.Literal('logged_out', { description: 'Always `logged_out`' }) },
    { description: 'The session was ended', examples: [{ status: 'logged_out' }] },
  ),
);

export const SessionStatus = Component(
  'SessionStatus',
  Type.Object(
    {
      status: Type.Unsafe<'logged_in' | 'not_logged_in'>({
        type: 'string',
        enum: ['logged_in', 'not_logged_in'],
        description: 'Whether the caller is signed in',
      }),
      username: Type.Optional(
        Type.String({
          description: 'The username of the signed-in user; absent if nobody is signed in',
        }),
      ),
    },
    {
      description: 'Whether the caller is signed in, and as which user',
      examples: [{ status: 'logged_in', username: 'alice' }, { status: 'not_logged_in' }],
    },
  ),
);
export type SessionStatus = Static<typeof SessionStatus>;

export const CsrfToken = Component(
  'CsrfToken',
  Type.Object(
    {
      csrf_token: Type.String({ description: 'The token to send as `X-CSRF-Token`' }),
    },
    {
      description: 'A CSRF token, valid for the current session',
      examples: [{ csrf_token: 'x1Yz…' }],
    },
  ),
);
