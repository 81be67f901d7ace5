import { Type } from '@sinclair/typebox';
import { liveMessage } from './live-message.js';
import { Author } from './posts.js';
import { Nullable, Ref } from './types.js';

/** The maximum number of users in a list of those who look at a topic. */
export const MAX_PRESENT = 50;

/** What somebody can look at. */
const place = Type.String({
  maxLength: 18,
  pattern: '^(?:project|task):[1-9][0-9]{0,9}$',
  description: '`project:{id}` (a project and its board) or `task:{id}` (a task of a project)',
  examples: ['project:1'],
});

export const LiveLook = liveMessage(
  'LiveLook',
  'look',
  {
    topic: Nullable(place, {
      description: 'What the client looks at from now on, instead of what it did; null for nothing',
    }),
  },
  {
    description:
      'Says what the client looks at, which clients that are subscribed to the topic are told. It ' +
      'ends with the connection. Only members of the project may look.',
    example: { topic: 'project:1' },
  },
);

export const LiveLooking = liveMessage(
  'LiveLooking',
  'looking',
  { topic: Nullable(Type.String(), { description: 'The topic of the request' }) },
  { description: 'The answer to `look`', example: { topic: 'project:1' } },
);

export const LivePresence = liveMessage(
  'LivePresence',
  'presence',
  {
    topic: Type.String({ description: 'The topic, of a project or task', examples: ['project:1'] }),
    users: Type.Array(Ref(Author), {
      maxItems: MAX_PRESENT,
      description:
        `The users who look at the topic, by username, the first ${MAX_PRESENT} of them: each ` +
        'once, however many clients they have, and you among them',
    }),
    total: Type.Integer({ minimum: 0, description: 'The number of users who look at it' }),
  },
  {
    description:
      'Everyone who looks at a topic that you are subscribed to: after `subscribe`, and when it ' +
      'changes, at most once a second',
    example: { topic: 'project:1', users: Author.examples, total: 1 },
  },
);
