import { Type } from '@sinclair/typebox';
import { Component, Default } from './types.js';

export const PrettyQuery = Type.Object({
  pretty: Default(Type.Boolean({ description: 'Whether to indent the JSON' }), false),
});

export const PlaygroundExample = Component(
  'PlaygroundExample',
  Type.Object(
    {
      message: Type.String({ description: 'A message' }),
      data: Type.Object(
        {
          id: Type.Integer({ description: 'An id' }),
          name: Type.String({ description: 'A name' }),
        },
        { description: 'A nested object' },
      ),
      status: Type.Literal('ok', { description: 'Always `ok`' }),
    },
    {
      description: 'A sample JSON object',
      examples: [{ message: 'Success', data: { id: 1, name: 'Example' }, status: 'ok' }],
    },
  ),
);

export const PlaygroundMessage = Component(
  'PlaygroundMessage',
  Type.Object(
    { message: Type.String({ description: 'A message' }) },
    { description: 'A message', examples: [{ message: 'Async response' }] },
  ),
);

export const PlaygroundUpstream = Component(
  'PlaygroundUpstream',
  Type.Unknown({
    description: 'The JSON response of the upstream, unchanged',
    examples: [{ message: 'Hello from the upstream' }],
  }),
);

export const ErrorQuery = Type.Object({
  divisor: Default(
    Type.Integer({
      minimum: -1000,
      maximum: 1000,
      description: 'The divisor of 1000; 0 makes the service fail',
    }),
    0,
  ),
});

export const PlaygroundQuotient = Component(
  'PlaygroundQuotient',
  Type.Object(
    {
      divisor: Type.Integer({ description: 'The divisor of 1000' }),
      quotient: Type.Integer({ description: 'The quotient, truncated to an integer' }),
    },
    { description: 'The result of a division', examples: [{ divisor: 4, quotient: 250 }] },
  ),
);

export const PlaygroundWebSocket = Component(
  'PlaygroundWebSocket',
  Type.Object(
    {
      url: Type.String({ description: 'The URL of the WebSocket' }),
      max_message_bytes: Type.Integer({ description: 'The maximum size of a message, in bytes' }),
    },
    {
      description: 'How to connect to the echo WebSocket',
      examples: [{ url: 'ws://127.0.0.1:8000/api/v1/ws/echo', max_message_bytes: 65536 }],
    },
  ),
);
