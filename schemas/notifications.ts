import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageQuery } from './paging.js';
import { Author } from './posts.js';
import { projectKey } from './projects.js';
import { Component, Enum, Id, Nullable, type OperationTag, Ref, Timestamp } from './types.js';

export const tag: OperationTag = {
  name: 'notifications',
  description: 'Notifications of assignments, mentions, comments, moves, due dates and invitations',
};

/**
 * What users are told of. Of several kinds that apply to the same change of a task, the first one
 * that the service names counts.
 */
export const NOTIFICATION_KINDS = [
  'assigned',
  'mentioned',
  'commented',
  'moved',
  'due_soon',
  'invited',
] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** The maximum number of ids that are marked as read at once. */
const MAX_IDS = 100;

/** Days for which read notifications are kept. */
export const READ_NOTIFICATION_DAYS = 30;

/** Days for which all notifications are kept. */
export const NOTIFICATION_DAYS = 180;

/** The number of notifications of a user that are kept: the newest. */
export const MAX_NOTIFICATIONS = 1000;

/** The maximum number of notifications that are counted, or marked as read up to an id. */
export const MAX_UNREAD = 1000;

/** When a user gets a notification of each kind, as a clause. */
export const OCCASIONS: Readonly<Record<NotificationKind, string>> = {
  assigned: 'you are assigned to a task',
  mentioned: 'you are mentioned in a comment',
  commented: 'there is a comment on a task that you watch',
  moved: 'a task that you watch or are assigned to changes its column',
  due_soon: 'a task that you are assigned to is due within 24 hours',
  invited: 'you are invited to a project',
};

const kind = Enum(NOTIFICATION_KINDS, {
  description: `What happens: ${NOTIFICATION_KINDS.map((name) => `\`${name}\` (${OCCASIONS[name]})`).join(', ')}`,
  examples: ['mentioned'],
});

const example = {
  id: 1,
  kind: 'mentioned' as const,
  actor: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  project: { id: 1, key: 'WEB', name: 'Website' },
  task: { id: 1, number: 12, summary: 'Compare the fonts' },
  comment_id: 1,
  created_at: '2026-01-31T09:30:00.000Z',
  read_at: null,
};

export const NotificationProject = Component(
  'NotificationProject',
  Type.Object(
    {
      id: Id('The id of the project'),
      key: projectKey,
      name: Type.String({ description: 'The name of the project' }),
    },
    { description: 'The project of a notification', examples: [example.project] },
  ),
);

export const NotificationTask = Component(
  'NotificationTask',
  Type.Object(
    {
      id: Id('The id of the task'),
      number: Type.Integer({ minimum: 1, description: 'The number of the task in its project' }),
      summary: Type.String({ description: 'The summary of the task, as it is now' }),
    },
    { description: 'The task of a notification', examples: [example.task] },
  ),
);

export const Notification = Component(
  'Notification',
  Type.Object(
    {
      id: Id('The id of the notification'),
      kind,
      actor: Nullable(Ref(Author), {
        description: 'Who did it; null for `due_soon`, or if the user was deleted',
      }),
      project: Ref(NotificationProject),
      task: Nullable(Ref(NotificationTask), { description: 'The task; null for `invited`' }),
      comment_id: Nullable(Id('The id of the comment'), {
        description: 'The id of the comment; null unless `mentioned` or `commented`',
      }),
      created_at: Timestamp('When it happened'),
      read_at: Nullable(Timestamp('When you read it'), {
        description: 'When you marked it as read; null if unread',
      }),
    },
    { description: 'A notification', examples: [example] },
  ),
);
export type Notification = Static<typeof Notification>;

export const NotificationPage = pageOf(
  'NotificationPage',
  Ref(Notification),
  'your notifications, newest first',
  example,
);

export const UnreadCount = Component(
  'UnreadCount',
  Type.Object(
    {
      unread: Type.Integer({
        minimum: 0,
        maximum: MAX_UNREAD,
        description:
          'The number of your unread notifications, among the newest ' +
          `${MAX_UNREAD.toLocaleString('en')} of them`,
      }),
    },
    { description: 'How many notifications are unread', examples: [{ unread: 3 }] },
  ),
);
export type UnreadCount = Static<typeof UnreadCount>;

export const NotificationSelection = Component(
  'NotificationSelection',
  Type.Object(
    {
      ids: Type.Optional(
        Type.Array(Id('The id of a notification'), {
          minItems: 1,
          maxItems: MAX_IDS,
          description: 'The ids; those that are not yours are ignored',
        }),
      ),
      up_to_id: Type.Optional(
        Id(
          'All notifications up to this id, at once the newest ' +
            `${MAX_UNREAD.toLocaleString('en')} unread ones`,
        ),
      ),
    },
    {
      description: 'Which notifications to mark as read: `ids` or `up_to_id`',
      examples: [{ ids: [1, 2] }],
    },
  ),
);
export type NotificationSelection = Static<typeof NotificationSelection>;

export const NotificationsMarked = Component(
  'NotificationsMarked',
  Type.Object(
    {
      marked: Type.Integer({
        minimum: 0,
        description: 'How many were marked; those that had been read before do not count',
      }),
    },
    { description: 'How many notifications were marked as read', examples: [{ marked: 2 }] },
  ),
);
export type NotificationsMarked = Static<typeof NotificationsMarked>;

export const NotificationListQuery = Type.Object({
  unread: Type.Optional(
    Type.Boolean({ description: 'Only unread ones (`true`), or only read ones (`false`)' }),
  ),
  kind: Type.Optional(Enum(NOTIFICATION_KINDS, { description: 'Only notifications of this kind' })),
  project_id: Type.Optional(Id('Only notifications about the project with this id')),
  ...pageQuery(),
});
export type NotificationListQuery = Static<typeof NotificationListQuery>;

export const NotificationParams = Type.Object({ id: Id('The id of the notification') });
