import { Type } from '@sinclair/typebox';
import { knownPassword } from './auth.js';
import { Component, type OperationTag } from './types.js';

export const tag: OperationTag = {
  name: 'me',
  description: 'Your own account: profile, email address, sessions and API keys',
};

export const AccountDeletion = Component(
  'AccountDeletion',
  Type.Object(
    { password: knownPassword },
    {
      description: 'Your password, to confirm the deletion',
      examples: [{ password: 'Correct-Horse-9' }],
    },
  ),
);
