import { type Static, type TString, Type } from '@sinclair/typebox';
import { Component, Default, Enum } from './types.js';

/** The length limits of a password, in code points. */
export const PASSWORD_LENGTH = { minLength: 8, maxLength: 128 } as const;

/** The special characters. A password needs at least one of them. */
export const PASSWORD_SPECIALS = '!@#$%^&*()_+-=[]{}|;:,.<>?';

/** The rules for a new password, each under its error `type`. */
export const PASSWORD_RULES = [
  'password_empty',
  'password_too_short',
  'password_too_long',
  'password_no_upper',
  'password_no_lower',
  'password_no_digit',
  'password_no_special',
  'password_too_common',
  'password_contains_name',
  'password_contains_email',
] as const;
export type PasswordRule = (typeof PASSWORD_RULES)[number];

/** A new password. The validation error lists every rule that it breaks. */
export function NewPassword(description: string): TString {
  return Type.String({
    ...PASSWORD_LENGTH,
    format: 'password',
    'x-password-policy': true,
    description:
      `${description}. It must contain an upper-case letter, a lower-case letter, a digit ` +
      `and one of \`${PASSWORD_SPECIALS}\`. It must not be one of the 10,000 most common ` +
      'passwords, with or without digits, symbols and substitutes such as `0` for `o`, and not ' +
      'contain your username, display name or email address.',
    examples: ['Correct-Horse-9'],
  });
}

export const PasswordCheck = Component(
  'PasswordCheck',
  Type.Object(
    {
      password: Type.String({
        minLength: 1,
        maxLength: 1024,
        format: 'password',
        description: 'The password to check; it is not stored',
      }),
      username: Type.Optional(
        Type.String({
          maxLength: 50,
          description: 'The username, which the password must not contain',
        }),
      ),
      email: Type.Optional(
        Type.String({
          maxLength: 120,
          description: 'The email address, which the password must not contain',
        }),
      ),
    },
    {
      description: 'The password to check, and the user who is to have it',
      examples: [{ password: 'correct horse', username: 'dora' }],
    },
  ),
);
export type PasswordCheck = Static<typeof PasswordCheck>;

const PasswordProblem = Type.Object({
  type: Enum(PASSWORD_RULES, { description: 'The broken rule, for programs' }),
  msg: Type.String({ description: 'The broken rule, for people' }),
});

export const PasswordStrength = Component(
  'PasswordStrength',
  Type.Object(
    {
      valid: Type.Boolean({ description: 'Whether the password satisfies all rules' }),
      errors: Type.Array(PasswordProblem, {
        maxItems: PASSWORD_RULES.length,
        description: 'The rules that the password breaks',
      }),
    },
    {
      description: 'The result of checking a password against the rules',
      examples: [
        { valid: true, errors: [] },
        {
          valid: false,
          errors: [{ type: 'password_no_digit', msg: 'Password should have a digit' }],
        },
      ],
    },
  ),
);

export const currentPassword = Type.String({
  minLength: 1,
  maxLength: PASSWORD_LENGTH.maxLength,
  format: 'password',
  description: 'Your current password',
});

export const repeatedPassword = Type.String({
  maxLength: PASSWORD_LENGTH.maxLength,
  format: 'password',
  description: 'The new password, repeated',
});

export const emailToken = Type.String({
  minLength: 1,
  maxLength: 200,
  writeOnly: true,
  description: 'The token from the mail. It works once.',
});

const newPasswordExample = {
  new_password: 'Battery-Staple-8',
  confirm_password: 'Battery-Staple-8',
};

export const PasswordChange = Component(
  'PasswordChange',
  Type.Object(
    {
      current_password: currentPassword,
      new_password: NewPassword('The new password'),
      confirm_password: repeatedPassword,
      delete_api_keys: Default(
        Type.Boolean({
          description: 'Whether to delete all your API keys and your calendar token, too',
        }),
        false,
      ),
    },
    {
      description: 'The current password and the new one',
      examples: [{ current_password: 'Correct-Horse-9', ...newPasswordExample }],
    },
  ),
);
export type PasswordChange = Static<typeof PasswordChange>;

export const PasswordReset = Component(
  'PasswordReset',
  Type.Object(
    {
      token: emailToken,
      new_password: NewPassword('The new password'),
      confirm_password: repeatedPassword,
    },
    {
      description: 'The token from the mail and the new password',
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
      description: 'The password was changed',
      examples: [{ status: 'password_changed' }],
    },
  ),
);
