import { type Static, Type } from '@sinclair/typebox';
import {
  currentPassword,
  NewPassword,
  repeatedPassword,
  emailToken as token,
} from './passwords.js';
import { Component } from './types.js';
import { emailAddress as email, username } from './users.js';

export const Registration = Component(
  'Registration',
  Type.Object(
    {
      username,
      email,
      password: NewPassword('The password to sign in with'),
      confirm_password: repeatedPassword,
      agree_terms: Type.Boolean({
        description: 'That the terms of service are accepted: they must be',
      }),
    },
    {
      description: 'Somebody who wants an account',
      examples: [
        {
          username: 'dora',
          email: 'dora@example.com',
          password: 'Correct-Horse-9',
          confirm_password: 'Correct-Horse-9',
          agree_terms: true,
        },
      ],
    },
  ),
);
export type Registration = Static<typeof Registration>;

export const RegistrationStatus = Component(
  'RegistrationStatus',
  Type.Object(
    {
      status: Type.Literal('confirmation_sent', { description: 'Always `confirmation_sent`' }),
      username: Type.String({ description: 'The name that is kept free for a day' }),
      email: Type.String({ description: 'Where the mail went' }),
    },
    {
      description: 'A mail is on its way; the account begins when the address is confirmed',
      examples: [{ status: 'confirmation_sent', username: 'dora', email: 'dora@example.com' }],
    },
  ),
);

export const EmailConfirmation = Component(
  'EmailConfirmation',
  Type.Object(
    { token },
    {
      description: 'Proof that mail to an address is read',
      examples: [{ token: 'y3JxN0n4…' }],
    },
  ),
);

export const EmailConfirmed = Component(
  'EmailConfirmed',
  Type.Object(
    {
      status: Type.Literal('verified', { description: 'Always `verified`' }),
      username: Type.String({ description: 'Whose address it is' }),
      email: Type.String({ description: 'The address' }),
    },
    {
      description: 'The address is confirmed',
      examples: [{ status: 'verified', username: 'dora', email: 'dora@example.com' }],
    },
  ),
);

/** An address to which something is to be sent. */
export const EmailAddress = Component(
  'EmailAddress',
  Type.Object({ email }, { description: 'An address', examples: [{ email: 'dora@example.com' }] }),
);

export const EmailChange = Component(
  'EmailChange',
  Type.Object(
    { email, password: currentPassword },
    {
      description: 'The address that you want to have',
      examples: [{ email: 'dora@example.org', password: 'Correct-Horse-9' }],
    },
  ),
);
export type EmailChange = Static<typeof EmailChange>;

/** The same whatever is behind the address. */
export const MailRequested = Component(
  'MailRequested',
  Type.Object(
    { status: Type.Literal('accepted', { description: 'Always `accepted`' }) },
    {
      description: 'If there is something to be sent to this address, it is on its way',
      examples: [{ status: 'accepted' }],
    },
  ),
);
