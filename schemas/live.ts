import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { LiveEvent, topic } from './events.js';
import { liveMessage } from './live-message.js';
import { LiveLook, LiveLooking, LivePresence } from './presence.js';
import { Component, Nullable, type OperationTag, Ref } from './types.js';

export const tag: OperationTag = {
  name: 'live',
  description: 'Live updates: what changes, as it changes',
};

/** The maximum number of topics of a client. */
export const MAX_TOPICS = 100;

/** The maximum length of an access token. */
const MAX_TOKEN = 4096;

/** The largest id of an event that JSON numbers hold. */
const MAX_EVENT_ID = Number.MAX_SAFE_INTEGER;

const topics = Type.Array(topic, { minItems: 1, maxItems: MAX_TOPICS, description: 'The topics' });

const clientId = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  description:
    'A name of your choice for this client. It gets no events of changes that it makes with this ' +
    'name in `X-Client-ID`.',
  examples: ['tab-1'],
});

const position = Type.Integer({
  minimum: 0,
  description: 'The id of the last event that the client has or needs no more',
});

export const since = Type.Integer({
  minimum: 0,
  maximum: MAX_EVENT_ID,
  description: 'The id of the last event that you have: later ones of the topics are sent first',
});

export const LiveSignIn = liveMessage(
  'LiveSignIn',
  'sign_in',
  {
    token: Type.String({
      format: 'password',
      minLength: 1,
      maxLength: MAX_TOKEN,
      description: 'An access token or API key',
    }),
  },
  {
    description:
      'Authenticates the connection, for clients without a session cookie. Before it subscribes.',
    example: { token: 'eyJhbGciOi…' },
  },
);

export const LiveSubscribe = liveMessage(
  'LiveSubscribe',
  'subscribe',
  { topics, since: Type.Optional(since), client_id: Type.Optional(clientId) },
  {
    description: 'Subscribes to topics, in addition to others',
    example: { topics: ['posts'], since: 4711 },
  },
);

export const LiveUnsubscribe = liveMessage(
  'LiveUnsubscribe',
  'unsubscribe',
  { topics },
  { description: 'Ends subscriptions', example: { topics: ['posts'] } },
);

export const LivePing = liveMessage(
  'LivePing',
  'ping',
  {},
  { description: 'Asks for a `pong`', example: {} },
);

/** Schemas that are told apart by `type`. */
function oneOf<const T extends readonly (TSchema & { $id: string })[]>(
  schemas: T,
  options: { description: string; example: object },
) {
  const { description, example } = options;
  return Type.Unsafe<Static<T[number]>>({
    oneOf: schemas.map((schema) => Ref(schema)),
    discriminator: {
      propertyName: 'type',
      mapping: Object.fromEntries(
        schemas.map((schema) => [
          schema['properties'].type.const,
          `#/components/schemas/${schema.$id}`,
        ]),
      ),
    },
    description,
    examples: [example],
  });
}

export const LiveClientMessage = Component(
  'LiveClientMessage',
  oneOf([LiveSignIn, LiveSubscribe, LiveUnsubscribe, LiveLook, LivePing], {
    description: 'A message from a client',
    example: { type: 'subscribe', topics: ['posts'] },
  }),
);
export type LiveClientMessage = Static<typeof LiveClientMessage>;

export const LiveReady = liveMessage(
  'LiveReady',
  'ready',
  {
    username: Nullable(Type.String(), {
      description: 'The user that the connection belongs to; null if it is not authenticated',
    }),
  },
  {
    description: 'The first message, and the answer to `sign_in`',
    example: { username: 'alice' },
  },
);

export const LiveSubscribed = liveMessage(
  'LiveSubscribed',
  'subscribed',
  { topics: Type.Array(Type.String(), { description: 'The topics of the request' }), position },
  {
    description:
      'The answer to `subscribe`: events after `position` follow, with `since` beginning with those ' +
      'that were missed',
    example: { topics: ['posts'], position: 4711 },
  },
);

export const LiveUnsubscribed = liveMessage(
  'LiveUnsubscribed',
  'unsubscribed',
  { topics: Type.Array(Type.String(), { description: 'The topics of the request' }) },
  { description: 'The answer to `unsubscribe`', example: { topics: ['posts'] } },
);

export const LiveEventMessage = liveMessage(
  'LiveEventMessage',
  'event',
  { event: Ref(LiveEvent) },
  { description: 'An event', example: { event: (LiveEvent.examples as [LiveEvent])[0] } },
);

export const LiveResync = liveMessage(
  'LiveResync',
  'resync',
  { position },
  {
    description:
      'Some events of your topics are no longer there: read what you show again. Events after ' +
      '`position` follow.',
    example: { position: 4711 },
  },
);

export const LivePong = liveMessage(
  'LivePong',
  'pong',
  {
    position: Nullable(Type.Integer({ minimum: 0 }), {
      description:
        'The id up to which you have all events of your topics; null without topics, or while ' +
        'events are on their way',
    }),
  },
  { description: 'The answer to `ping`', example: { position: 4715 } },
);

export const LiveFault = liveMessage(
  'LiveFault',
  'error',
  {
    code: Type.String({ description: 'A code of an error response, or `invalid_message`' }),
    detail: Type.Union([Type.String(), Type.Array(Type.Unknown())], {
      description: 'A sentence; for `invalid_message` a list of error items, as in a 422',
    }),
  },
  {
    description: 'A message of the client was refused. The connection stays open.',
    example: { code: 'not_authenticated', detail: 'Not authenticated' },
  },
);

export const LiveServerMessage = Component(
  'LiveServerMessage',
  oneOf(
    [
      LiveReady,
      LiveSubscribed,
      LiveUnsubscribed,
      LiveEventMessage,
      LiveResync,
      LiveLooking,
      LivePresence,
      LivePong,
      LiveFault,
    ],
    { description: 'A message from the service', example: { type: 'pong', position: 4715 } },
  ),
);
export type LiveServerMessage = Static<typeof LiveServerMessage>;

export const LiveDoor = Component(
  'LiveDoor',
  Type.Object(
    {
      url: Type.String({ description: 'The URL to open the WebSocket at' }),
      max_message_bytes: Type.Integer({
        minimum: 1,
        description: 'The maximum size of a message from a client',
      }),
      max_topics: Type.Integer({ minimum: 1, description: 'The maximum number of topics' }),
      position,
    },
    {
      description: 'How to connect',
      examples: [
        {
          url: 'ws://127.0.0.1:8000/api/v1/ws',
          max_message_bytes: 65_536,
          max_topics: MAX_TOPICS,
          position: 4711,
        },
      ],
    },
  ),
);

export const EventStreamQuery = Type.Object({
  topics: Type.Array(topic, {
    minItems: 1,
    maxItems: MAX_TOPICS,
    description: 'The topics, each as a parameter of its own',
    examples: [['posts']],
  }),
  since: Type.Optional(since),
  max_seconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 86_400,
      description:
        'Ends the stream after so many seconds; with 0, it contains only what you have missed',
      examples: [1],
    }),
  ),
  client_id: Type.Optional(clientId),
});

export const LastEventIdHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,15}$',
      description: 'Sent by browsers when they reconnect; overrides `since`',
    }),
  ),
});
