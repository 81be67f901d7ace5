import { type TSchema, Type } from '@sinclair/typebox';
import { Component } from './types.js';

/** A message over the WebSocket, with a constant `type`. */
export function liveMessage<T extends string, P extends Record<string, TSchema>>(
  name: string,
  type: T,
  fields: P,
  options: { description: string; example: object },
) {
  const { description, example } = options;
  return Component(
    name,
    Type.Object(
      { type: Type.Literal(type, { description: 'The kind of the message' }), ...fields },
      { description, examples: [{ type, ...example }] },
    ),
  );
}
