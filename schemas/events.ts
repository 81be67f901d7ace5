import { type Static, Type } from '@sinclair/typebox';
import { Author } from './posts.js';
import { Component, Enum, Id, Nullable, Ref, Timestamp } from './types.js';

/**
 * What happens to each resource that events are about. A new resource also needs its fields in
 * `src/events/fields.ts`, and a policy in `app/event-policies.ts`.
 */
const EVENTS = {
  task: [
    'created',
    'changed',
    'transitioned',
    'moved',
    'related',
    'unrelated',
    'deleted',
    'restored',
    'purged',
  ],
  task_comment: ['created', 'changed', 'deleted'],
  project: [
    'created',
    'changed',
    'archived',
    'unarchived',
    'deleted',
    'restored',
    'member_added',
    'member_changed',
    'member_removed',
    'reordered',
    'labelled',
  ],
  notification: ['created', 'read', 'unread'],
  post: ['created', 'changed', 'published', 'unpublished', 'deleted', 'restored', 'purged'],
  comment: ['created', 'changed', 'approved', 'rejected', 'hidden', 'deleted', 'restored'],
} as const;

/** The resources that events are about. */
export const EVENT_RESOURCES = Object.keys(EVENTS) as EventResource[];
export type EventResource = keyof typeof EVENTS;

/** The types of events: the resource, and what happened to it. */
export const EVENT_TYPES = EVENT_RESOURCES.flatMap((resource) =>
  EVENTS[resource].map((what) => `${resource}.${what}` as EventType),
);
export type EventType = {
  [R in EventResource]: `${R}.${(typeof EVENTS)[R][number]}`;
}[EventResource];

/** The maximum size of a field in `changes`, and of all of them, in bytes of JSON. */
export const MAX_FIELD_BYTES = 4096;
export const MAX_CHANGES_BYTES = 16_384;

/** What a client can subscribe to. */
export const TOPIC_PATTERN = '^(?:me|posts|(?:post|project|task):[1-9][0-9]{0,9})$';

export const topic = Type.String({
  maxLength: 20,
  pattern: TOPIC_PATTERN,
  description:
    'What the event belongs to: `me` (what concerns only you: your tasks and notifications), `posts` (all ' +
    'posts), `post:{id}` (a post and its comments), `project:{id}` (a project and all that is in ' +
    'it) or `task:{id}` (a task of a project and its comments)',
  examples: ['posts'],
});

const example = {
  id: 4711,
  type: 'post.changed' as const,
  topics: ['posts', 'post:1'],
  at: '2026-01-31T09:30:00.000Z',
  actor: { id: 1, username: 'alice', nickname: 'Alice', avatar_url: null },
  resource: 'post' as const,
  resource_id: 1,
  project_id: null,
  version: 4,
  changes: { title: 'Pooling connections', updated_at: '2026-01-31T09:30:00.000Z' },
  omitted: ['content'],
  client_id: null,
};

export const LiveEvent = Component(
  'LiveEvent',
  Type.Object(
    {
      id: Type.Integer({
        minimum: 1,
        description:
          'The id of the event. Events arrive in the order of their ids; some ids are never used.',
      }),
      type: Enum(EVENT_TYPES, { description: 'What happened' }),
      topics: Type.Array(Type.String(), {
        description: 'What the event belongs to: topics that clients can subscribe to',
      }),
      at: Timestamp('When it happened'),
      actor: Nullable(Ref(Author), {
        description: 'Who did it; null if nobody was signed in, or if the user was deleted',
      }),
      resource: Enum(EVENT_RESOURCES, { description: 'The type of the resource' }),
      resource_id: Id('The id of the resource'),
      project_id: Nullable(Id('The id of the project'), {
        description: 'The id of the project that the resource belongs to; null for none',
      }),
      version: Nullable(Type.Integer({ minimum: 1 }), {
        description:
          'The version of the resource after the change, as in its `ETag`; null if it was deleted or has none',
      }),
      changes: Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        additionalProperties: true,
        description:
          'The fields that were changed, with their new values, as in a response; all fields of a ' +
          'resource that is new, or new to its readers; empty if it is gone from their sight',
      }),
      omitted: Type.Array(Type.String(), {
        description:
          `Fields that were changed and are left out of \`changes\`: those of more than ` +
          `${MAX_FIELD_BYTES.toLocaleString('en')} bytes, and the longest if all together have ` +
          `more than ${MAX_CHANGES_BYTES.toLocaleString('en')}, and in a later delivery those that ` +
          'have changed again. Read the resource to get them.',
      }),
      client_id: Nullable(Type.String(), {
        description: 'The `X-Client-ID` of the request that made the change; null without one',
      }),
    },
    { description: 'A change of a resource', examples: [example] },
  ),
);
export type LiveEvent = Static<typeof LiveEvent>;
