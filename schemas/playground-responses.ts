import { Type } from '@sinclair/typebox';
import { Component, Default } from './types.js';

export const PrettyQuery = Type.Object({
  pretty: Default(
    Type.Boolean({ description: 'Whether the JSON is indented, to be read by people' }),
    false,
  ),
});

export const PlaygroundExample = Component(
  'PlaygroundExample',
  Type.Object(
    {
      message: Type.String({ description: 'A word' }),
      data: Type.Object(
        {
          id: Type.Integer({ description: 'A number' }),
          name: Type.String({ description: 'A name' }),
        },
        { description: 'An object within the object' },
      ),
      status: Type.Literal('ok', { description: 'Always `ok`' }),
    },
    {
      description: 'Some JSON',
      examples: [{ message: 'Success', data: { id: 1, name: 'Example' }, status: 'ok' }],
    },
  ),
);

export const PlaygroundMessage = Component(
  'PlaygroundMessage',
  Type.Object(
    { message: Type.String({ description: 'A sentence' }) },
    { description: 'A sentence', examples: [{ message: 'Async response' }] },
  ),
);

export const PlaygroundUpstream = Component(
  'PlaygroundUpstream',
  Type.Unknown({
    description: 'Whatever JSON the upstream has answered',
    examples: [{ message: 'Hello from the upstream' }],
  }),
);

export const ErrorQuery = Type.Object({
  divisor: Default(
    Type.Integer({
      minimum: -1000,
      maximum: 1000,
      description: 'What 1000 is divided by; with 0 the service fails',
    }),
    0,
  ),
});

export const PlaygroundQuotient = Component(
  'PlaygroundQuotient',
  Type.Object(
    {
      divisor: Type.Integer({ description: 'What 1000 was divided by' }),
      quotient: Type.Integer({ description: 'The result, without its fraction' }),
    },
    { description: 'A division that went well', examples: [{ divisor: 4, quotient: 250 }] },
  ),
);

export const PlaygroundWebSocket = Component(
  'PlaygroundWebSocket',
  Type.Object(
    {
      url: Type.String({ description: 'Where to connect to' }),
      max_message_bytes: Type.Integer({ description: 'How long a message may be' }),
    },
    {
      description: 'How to talk with the echo',
      examples: [{ url: 'ws://127.0.0.1:8000/api/v1/ws/echo', max_message_bytes: 65536 }],
    },
  ),
);
