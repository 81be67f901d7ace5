import { type Static, Type } from '@sinclair/typebox';
import { Component, Default, type OperationTag } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'auth',
  description: 'Sign up, sign in, sign out, and get CSRF tokens',
};

/** A password that was set before: what new ones must have is not asked of it. */
export const knownPassword = Type.String({
  minLength: 1,
  maxLength: 128,
  format: 'password',
  description: 'The password',
});

export const Login = Component(
  'Login',
  Type.Object(
    {
      username: Type.String({
        minLength: 1,
        maxLength: 120,
        description: 'The username or the e-mail address',
      }),
      password: knownPassword,
      remember: Default(
        Type.Boolean({
          description: 'Whether the session lives 30 days, and not 30 minutes, after its last use',
        }),
        false,
      ),
    },
    {
      description: 'Who wants to sign in',
      examples: [{ username: 'admin', password: 'Correct-Horse-9' }],
    },
  ),
);
export type Login = Static<typeof Login>;

export const LoginStatus = Component(
  'LoginStatus',
  Type.Object(
    { status: Type.Literal('login_ok', { description: 'Always `login_ok`' }) },
    { description: 'The session has begun', examples: [{ status: 'login_ok' }] },
  ),
);

export const LogoutStatus = Component(
  'LogoutStatus',
  Type.Object(
    { status: Type.Literal('logged_out', { description: 'Always `logged_out`' }) },
    { description: 'The session has ended', examples: [{ status: 'logged_out' }] },
  ),
);

export const SessionStatus = Component(
  'SessionStatus',
  Type.Object(
    {
      status: Type.Unsafe<'logged_in' | 'not_logged_in'>({
        type: 'string',
        enum: ['logged_in', 'not_logged_in'],
        description: 'Whether a user is signed in',
      }),
      username: Type.Optional(Type.String({ description: 'Who is signed in' })),
    },
    {
      description: 'Who the service takes the caller for',
      examples: [{ status: 'logged_in', username: 'alice' }, { status: 'not_logged_in' }],
    },
  ),
);
export type SessionStatus = Static<typeof SessionStatus>;

export const CsrfToken = Component(
  'CsrfToken',
  Type.Object(
    {
      csrf_token: Type.String({ description: 'To be sent as `X-CSRF-Token`' }),
    },
    {
      description: 'Proof that a request comes from a page of ours',
      examples: [{ csrf_token: 'x1Yz…' }],
    },
  ),
);
