import { type Static, type TString, Type } from '@sinclair/typebox';
import { Component, Enum } from './types.js';

/** In code points. */
export const PASSWORD_LENGTH = { minLength: 8, maxLength: 128 } as const;

/** One of these at least has to be in a password. */
export const PASSWORD_SPECIALS = '!@#$%^&*()_+-=[]{}\\|;:,.<>?';

/** What can be wrong with a new password, as `type` of an error. */
export const PASSWORD_RULES = [
  'password_empty',
  'password_too_short',
  'password_too_long',
  'password_no_upper',
  'password_no_lower',
  'password_no_digit',
  'password_no_special',
] as const;
export type PasswordRule = (typeof PASSWORD_RULES)[number];

/** A password that is about to be set: one that breaks rules is refused with all of them at once. */
export function NewPassword(description: string): TString {
  return Type.String({
    ...PASSWORD_LENGTH,
    format: 'password',
    'x-password-policy': true,
    description:
      `${description}. It needs an upper-case letter, a lower-case letter, a digit and one of ` +
      `\`${PASSWORD_SPECIALS}\`.`,
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
        description: 'The password that is being thought of; it is not kept',
      }),
    },
    { description: 'A password to be judged', examples: [{ password: 'correct horse' }] },
  ),
);
export type PasswordCheck = Static<typeof PasswordCheck>;

const PasswordProblem = Type.Object({
  type: Enum(PASSWORD_RULES, { description: 'The rule that it breaks, for programs' }),
  msg: Type.String({ description: 'The rule that it breaks, for people' }),
});

export const PasswordStrength = Component(
  'PasswordStrength',
  Type.Object(
    {
      valid: Type.Boolean({ description: 'Whether it may be used' }),
      errors: Type.Array(PasswordProblem, {
        maxItems: PASSWORD_RULES.length,
        description: 'Every rule that it breaks',
      }),
    },
    {
      description: 'What the rules for passwords say of one',
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
  description: 'Your password',
});

export const repeatedPassword = Type.String({
  maxLength: PASSWORD_LENGTH.maxLength,
  format: 'password',
  description: 'The new password once more',
});

export const emailToken = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The token that the mail brought; it works once',
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
      new_password: NewPassword('The password from now on'),
      confirm_password: repeatedPassword,
    },
    {
      description: 'A new password, by whoever knows the current one',
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
