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
      password: NewPassword('The password of the account'),
      confirm_password: repeatedPassword,
      agree_terms: Type.Boolean({
        description: 'Whether you accept the terms of service; must be true',
      }),
    },
    {
      description: 'The account to register',
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
      username: Type.String({ description: 'The username, reserved for 24 hours' }),
      email: Type.String({ description: 'The email address that the mail is sent to' }),
    },
    {
      description:
        'A mail is on its way. The account is created when the email address is confirmed.',
      examples: [{ status: 'confirmation_sent', username: 'dora', email: 'dora@example.com' }],
    },
  ),
);

export const EmailConfirmation = Component(
  'EmailConfirmation',
  Type.Object(
    {
      token,
      password: Type.Optional({
        ...currentPassword,
        description:
          'The password that was chosen at registration. Required to confirm a registration, ' +
          'ignored for a change of address.',
      }),
    },
    {
      description: 'The token that confirms an email address',
      examples: [{ token: 'y3JxN0n4…', password: 'Correct-Horse-9' }],
    },
  ),
);
export type EmailConfirmation = Static<typeof EmailConfirmation>;

export const EmailConfirmed = Component(
  'EmailConfirmed',
  Type.Object(
    {
      status: Type.Literal('verified', { description: 'Always `verified`' }),
      username: Type.String({ description: 'The username of the account' }),
      email: Type.String({ description: 'The confirmed email address' }),
    },
    {
      description: 'The email address was confirmed',
      examples: [{ status: 'verified', username: 'dora', email: 'dora@example.com' }],
    },
  ),
);

/** The email address to send a mail to. */
export const EmailAddress = Component(
  'EmailAddress',
  Type.Object(
    { email },
    {
      description: 'The email address to send a mail to',
      examples: [{ email: 'dora@example.com' }],
    },
  ),
);

export const EmailChange = Component(
  'EmailChange',
  Type.Object(
    { email, password: currentPassword },
    {
      description: 'The new email address and your password',
      examples: [{ email: 'dora@example.org', password: 'Correct-Horse-9' }],
    },
  ),
);
export type EmailChange = Static<typeof EmailChange>;

/** The same response whether or not the email address is known. */
export const MailRequested = Component(
  'MailRequested',
  Type.Object(
    { status: Type.Literal('accepted', { description: 'Always `accepted`' }) },
    {
      description: 'The request was accepted. The response does not reveal whether a mail is sent.',
      examples: [{ status: 'accepted' }],
    },
  ),
);
