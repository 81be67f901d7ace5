import { type Static, Type } from '@sinclair/typebox';
import { Login } from './auth.js';
import { Component, Default, Enum } from './types.js';

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

export const TokenRequest = Component(
  'TokenRequest',
  Type.Object(
    {
      grant_type: Default(
        Enum(['password', 'refresh_token'], {
          description: 'Whether the password or a refresh token is the proof',
        }),
        'password',
      ),
      username: Type.Optional(Login.properties.username),
      password: Type.Optional(Login.properties.password),
      // Without limits: a value that breaks one would come back in the error.
      refresh_token: Type.Optional(
        Type.String({ description: 'The refresh token that was handed out last' }),
      ),
      scope: Type.Optional(
        Type.String({ description: 'Ignored: a token may do what its user may' }),
      ),
      client_id: Type.Optional(Type.String({ description: 'Ignored: clients are not told apart' })),
      client_secret: Type.Optional(Type.String({ format: 'password', description: 'Ignored' })),
    },
    {
      description:
        'A request for tokens: `username` and `password` with the grant `password`, ' +
        '`refresh_token` with the grant `refresh_token`',
      examples: [
        { grant_type: 'password', username: 'admin', password: 'a long Secret 1' },
        { grant_type: 'refresh_token', refresh_token: token },
      ],
    },
  ),
);
export type TokenRequest = Static<typeof TokenRequest>;

export const TokenPair = Component(
  'TokenPair',
  Type.Object(
    {
      access_token: Type.String({ description: 'To be sent as `Authorization: Bearer …`' }),
      token_type: Type.Literal('bearer', { description: 'Always `bearer`' }),
      expires_in: Type.Integer({ description: 'Seconds that the access token is good for' }),
      refresh_token: Type.String({ description: 'Good for the next pair of tokens, once' }),
      refresh_expires_in: Type.Integer({
        description: 'Seconds that the refresh token is good for',
      }),
    },
    {
      description: 'What a client that holds tokens proves itself with',
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
      token: Type.String({ description: 'A refresh token or an access token' }),
      token_type_hint: Type.Optional(
        Type.String({ description: 'Ignored: a token says itself of which type it is' }),
      ),
    },
    { description: 'A token that is to be worth nothing any more', examples: [{ token }] },
  ),
);
export type TokenRevocation = Static<typeof TokenRevocation>;

export const RevocationStatus = Component(
  'RevocationStatus',
  Type.Object(
    { status: Type.Literal('revoked', { description: 'Always `revoked`' }) },
    { description: 'The token is worth nothing', examples: [{ status: 'revoked' }] },
  ),
);
