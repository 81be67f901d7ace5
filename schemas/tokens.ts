import { type Static, Type } from '@sinclair/typebox';
import { Login } from './auth.js';
import { Component, Default, Enum } from './types.js';

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

const refreshToken = Type.String({
  writeOnly: true,
  description: 'The latest refresh token',
});

export const TokenRequest = Component(
  'TokenRequest',
  Type.Object(
    {
      grant_type: Default(
        Enum(['password', 'refresh_token'], {
          description: 'The grant type: `password` to sign in, `refresh_token` to renew the tokens',
        }),
        'password',
      ),
      username: Type.Optional(Login.properties.username),
      password: Type.Optional(Login.properties.password),
      refresh_token: Type.Optional({
        ...refreshToken,
        description: 'The latest refresh token; required with the grant type `refresh_token`',
      }),
      device_token: Type.Optional(
        Type.String({
          description:
            'The `device_token` of an earlier response, with the grant type `password`: marks the ' +
            'client as known to the account, so that others who guess passwords do not delay it',
        }),
      ),
      scope: Type.Optional(
        Type.String({ description: 'Ignored: a token has all permissions of its user' }),
      ),
      client_id: Type.Optional(Type.String({ description: 'Ignored: clients are not registered' })),
      client_secret: Type.Optional(
        Type.String({ format: 'password', description: 'Ignored: clients are not registered' }),
      ),
    },
    {
      description:
        'A token request: `username` and `password` with the grant type `password`, or ' +
        '`refresh_token` with the grant type `refresh_token`',
      examples: [
        { grant_type: 'password', username: 'admin', password: 'a long Secret 1' },
        { grant_type: 'refresh_token', refresh_token: token },
      ],
    },
  ),
);
export type TokenRequest = Static<typeof TokenRequest>;

export const TokenRefresh = Component(
  'TokenRefresh',
  Type.Object(
    { refresh_token: refreshToken },
    { description: 'The token to exchange', examples: [{ refresh_token: token }] },
  ),
);
export type TokenRefresh = Static<typeof TokenRefresh>;

export const TokenPair = Component(
  'TokenPair',
  Type.Object(
    {
      access_token: Type.String({
        description: 'The access token, to send as `Authorization: Bearer …`',
      }),
      token_type: Type.Literal('bearer', { description: 'Always `bearer`' }),
      expires_in: Type.Integer({
        description:
          'The lifetime of the access token, in seconds: 3600, or less shortly before the ' +
          'session ends',
      }),
      refresh_token: Type.String({
        description: 'The refresh token, which can be exchanged once for new tokens',
      }),
      refresh_expires_in: Type.Integer({
        description:
          'The lifetime of the refresh token, in seconds: 30 days, or the rest of the session ' +
          'if that is shorter',
      }),
      device_token: Type.Optional(
        Type.String({
          description:
            'A secret to keep and to send with the next sign-in; only with the grant type ' +
            '`password`',
        }),
      ),
    },
    {
      description: 'An access token and a refresh token',
      examples: [
        {
          access_token: token,
          token_type: 'bearer',
          expires_in: 3600,
          refresh_token: token,
          refresh_expires_in: 2_592_000,
        },
      ],
    },
  ),
);
export type TokenPair = Static<typeof TokenPair>;

export const TokenRevocation = Component(
  'TokenRevocation',
  Type.Object(
    {
      token: Type.String({
        minLength: 1,
        writeOnly: true,
        description: 'A refresh token or an access token',
      }),
      token_type_hint: Type.Optional(
        Type.String({ description: 'Ignored: the type is read from the token' }),
      ),
    },
    { description: 'The token to revoke', examples: [{ token }] },
  ),
);
export type TokenRevocation = Static<typeof TokenRevocation>;

export const RevocationStatus = Component(
  'RevocationStatus',
  Type.Object(
    { status: Type.Literal('revoked', { description: 'Always `revoked`' }) },
    { description: 'The token is no longer valid', examples: [{ status: 'revoked' }] },
  ),
);
