import { Type } from '@sinclair/typebox';
import { knownPassword } from './auth.js';
import { Component } from './types.js';

export const AccountDeletion = Component(
  'AccountDeletion',
  Type.Object(
    { password: knownPassword },
    {
      description: 'Proof that it is you who wants to go',
      examples: [{ password: 'Correct-Horse-9' }],
    },
  ),
);
