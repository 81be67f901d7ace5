import { type Static, Type } from '@sinclair/typebox';
import { type NotificationKind, OCCASIONS } from './notifications.js';
import { Component, Enum, Nullable, Timestamp } from './types.js';

/** How users are told of something. */
export const DELIVERIES = ['none', 'app', 'mail', 'digest'] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** What users get who have not chosen otherwise: mails at once only for what concerns them alone. */
export const DEFAULT_DELIVERIES: Readonly<Record<NotificationKind, Delivery>> = {
  assigned: 'mail',
  mentioned: 'mail',
  commented: 'digest',
  moved: 'app',
  due_soon: 'digest',
  invited: 'mail',
};

/** The maximum number of mails about single notifications that a user gets in an hour. */
export const MAILS_PER_HOUR = 20;

/** The maximum number of notifications that a digest lists. */
export const MAX_DIGEST_LINES = 50;

const LANGUAGES = ['en', 'zh'] as const;

function delivery(kind: NotificationKind) {
  return Enum(DELIVERIES, {
    description:
      `How you are told that ${OCCASIONS[kind]}: not at all, in the app, also by mail at once, or also ` +
      `by a daily mail. Default: \`${DEFAULT_DELIVERIES[kind]}\``,
  });
}

const written = {
  assigned: delivery('assigned'),
  mentioned: delivery('mentioned'),
  commented: delivery('commented'),
  moved: delivery('moved'),
  due_soon: delivery('due_soon'),
  invited: delivery('invited'),
  language: Enum(LANGUAGES, { description: 'The language of these mails. Default: `en`' }),
};

export const NotificationSettings = Component(
  'NotificationSettings',
  Type.Object(
    {
      ...written,
      updated_at: Nullable(Timestamp('When you changed them'), {
        description: 'When you last changed them; null if you never did',
      }),
    },
    {
      description: 'Your notification settings',
      examples: [{ ...DEFAULT_DELIVERIES, language: 'en', updated_at: null }],
    },
  ),
);
export type NotificationSettings = Static<typeof NotificationSettings>;

export const NotificationSettingsUpdate = Component(
  'NotificationSettingsUpdate',
  Type.Object(
    {
      assigned: Type.Optional(written.assigned),
      mentioned: Type.Optional(written.mentioned),
      commented: Type.Optional(written.commented),
      moved: Type.Optional(written.moved),
      due_soon: Type.Optional(written.due_soon),
      invited: Type.Optional(written.invited),
      language: Type.Optional(written.language),
    },
    { description: 'The settings to change', examples: [{ commented: 'app' }] },
  ),
);
export type NotificationSettingsUpdate = Static<typeof NotificationSettingsUpdate>;
