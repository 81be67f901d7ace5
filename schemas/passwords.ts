import { type Static, Type } from '@sinclair/typebox';
import { Component } from './types.js';

/** A password that is to be set: it has to satisfy the policy, and every broken rule is told. */
export function NewPassword(description: string) {
  return Type.String({
    format: 'password',
    minLength: 8,
    maxLength: 128,
    description: `${description}: 8 to 128 characters, with an upper-case letter, a lower-case letter, a digit and a special character`,
    'x-password-policy': true,
    examples: ['a long Secret 1!'],
  });
}

export const currentPassword = Type.String({
  minLength: 1,
  maxLength: 128,
  format: 'password',
  description: 'Your password',
});

export const repeatedPassword = Type.String({
  maxLength: 128,
  format: 'password',
  description: 'The new password once more',
});

export const emailToken = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The token that the mail brought; it works once',
});

const newPasswordExample = {
  new_password: 'a longer Secret 2!',
  confirm_password: 'a longer Secret 2!',
};

export const PasswordChange = Component(
  'PasswordChange',
  Type.Object(
    {
      current_password: currentPassword,
      new_password: NewPassword('The password from now on'),
      confirm_password: repeatedPassword,
    },
    {
      description: 'A new password, by whoever knows the current one',
      examples: [{ current_password: 'a long Secret 1!', ...newPasswordExample }],
    },
  ),
);
export type PasswordChange = Static<typeof PasswordChange>;

export const PasswordReset = Component(
  'PasswordReset',
  Type.Object(
    {
      token: emailToken,
      new_password: NewPassword('The password from now on'),
      confirm_password: repeatedPassword,
    },
    {
      description: 'A new password, by whoever reads the mail of the account',
      examples: [{ token: 'y3JxN0n4…', ...newPasswordExample }],
    },
  ),
);
export type PasswordReset = Static<typeof PasswordReset>;

export const PasswordStatus = Component(
  'PasswordStatus',
  Type.Object(
    { status: Type.Literal('password_changed', { description: 'Always `password_changed`' }) },
    {
      description: 'The new password is the password',
      examples: [{ status: 'password_changed' }],
    },
  ),
);
