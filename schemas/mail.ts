import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageQuery } from './paging.js';
import { Component, Ref, Timestamp } from './types.js';

const example = {
  id: 1,
  sent_at: '2026-01-31T09:30:00.000Z',
  to: 'dora@example.com',
  subject: 'Confirm your email address',
  text: 'Someone registered with this email address. …',
};

/** A mail that a development service has kept instead of sending it. */
export const KeptMail = Component(
  'KeptMail',
  Type.Object(
    {
      id: Type.Integer({ description: 'The number of the mail since the start of the service' }),
      sent_at: Timestamp('When the mail would have been sent'),
      to: Type.String({ description: 'The recipient' }),
      subject: Type.String({ description: 'The subject' }),
      text: Type.String({ description: 'The text, with the links and tokens' }),
    },
    { description: 'A mail that was kept in memory instead of being sent', examples: [example] },
  ),
);

export const KeptMailPage = pageOf('KeptMailPage', Ref(KeptMail), 'kept mails', example);

const { page, size } = pageQuery();
export const KeptMailQuery = Type.Object({ page, size });
export type KeptMailQuery = Static<typeof KeptMailQuery>;
