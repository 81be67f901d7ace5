import { Type } from '@sinclair/typebox';
import { knownPassword } from './auth.js';
import { Component, type OperationTag } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'me',
  description: 'Your own account: profile, sessions, API keys',
};

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
