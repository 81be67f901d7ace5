import { type Static, Type } from '@sinclair/typebox';
import { Component, Default, Enum, Nullable, Ref } from './types.js';
import { Address } from './users.js';

export const PlaygroundFormInput = Component(
  'PlaygroundFormInput',
  Type.Object(
    {
      username: Type.String({ maxLength: 50, description: 'A name' }),
      // Without limits: a value that breaks one would come back in the error.
      password: Type.String({ format: 'password', description: 'Read, and never sent back' }),
      hobby: Default(
        Type.Array(Type.String({ maxLength: 50 }), {
          maxItems: 20,
          description: 'May be repeated: `hobby=go&hobby=chess`',
        }),
        [],
      ),
    },
    {
      description: 'A form with a field that may be repeated',
      examples: [{ username: 'alice', password: 'a long Secret 1', hobby: ['go', 'chess'] }],
    },
  ),
);
export type PlaygroundFormInput = Static<typeof PlaygroundFormInput>;

export const PlaygroundForm = Component(
  'PlaygroundForm',
  Type.Object(
    {
      username: Type.String({ description: 'The name' }),
      hobbies: Type.Array(Type.String(), { description: 'Each `hobby`' }),
    },
    {
      description: 'A form as it was understood',
      examples: [{ username: 'alice', hobbies: ['go', 'chess'] }],
    },
  ),
);

const person = {
  name: 'Zhang San',
  age: 20,
  isMale: true,
  hobbies: ['reading', 'go'],
  address: { city: 'Dalian', detail: 'Jinzhou District' },
  email: null,
};

export const PlaygroundPerson = Component(
  'PlaygroundPerson',
  Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 100, description: 'A text; required' }),
      age: Type.Optional(Type.Integer({ minimum: 0, maximum: 150, description: 'A number' })),
      isMale: Type.Optional(Type.Boolean({ description: 'A boolean' })),
      hobbies: Default(
        Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20, description: 'A list' }),
        [],
      ),
      address: Type.Optional(
        Type.Object(
          {
            city: Type.String({ maxLength: 100, description: 'City' }),
            detail: Type.Optional(Type.String({ maxLength: 200, description: 'The rest' })),
          },
          { description: 'An object within the object' },
        ),
      ),
      email: Default(
        Nullable(Type.String({ maxLength: 120 }), { description: 'May be null' }),
        null,
      ),
    },
    { description: 'JSON with every kind of value in it', examples: [person] },
  ),
);

export const PlaygroundJson = Component(
  'PlaygroundJson',
  Type.Object(
    {
      received: Ref(PlaygroundPerson),
      content_type: Type.String({ description: 'The `Content-Type` of the request' }),
    },
    {
      description: 'JSON as it was understood: defaults filled in, unknown fields dropped',
      examples: [{ received: person, content_type: 'application/json' }],
    },
  ),
);

const OPERATORS = ['+', '-', '*', '/'] as const;

const operands = {
  a: Type.Number({ minimum: -1e15, maximum: 1e15, description: 'The first number' }),
  b: Type.Number({ minimum: -1e15, maximum: 1e15, description: 'The second number' }),
  op: Enum(OPERATORS, { description: 'What to do; in a form `+` is written `%2B`' }),
};

export const PlaygroundCalculation = Component(
  'PlaygroundCalculation',
  Type.Object(operands, {
    description: 'Two numbers and what to do with them',
    examples: [{ a: 10, b: 3, op: '/' }],
  }),
);
export type PlaygroundCalculation = Static<typeof PlaygroundCalculation>;

export const PlaygroundResult = Component(
  'PlaygroundResult',
  Type.Object(
    { ...operands, result: Type.Number({ description: 'The result' }) },
    {
      description: 'A calculation with its result',
      examples: [{ a: 10, b: 4, op: '/', result: 2.5 }],
    },
  ),
);

const john = {
  username: 'john',
  tags: ['staff'],
  address: { street: 'Main St 123', city: 'Shenzhen', zipcode: null },
};

export const PlaygroundUser = Component(
  'PlaygroundUser',
  Type.Object(
    {
      username: Type.String({ minLength: 3, maxLength: 50, description: 'A name' }),
      tags: Default(
        Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20, description: 'Free words' }),
        [],
      ),
      address: Default(Nullable(Ref(Address), { description: 'An object of its own' }), null),
    },
    { description: 'A user with an address in it', examples: [john] },
  ),
);

export const PlaygroundUserCreated = Component(
  'PlaygroundUserCreated',
  Type.Object(
    { created: Ref(PlaygroundUser) },
    { description: 'The user as it would have been created', examples: [{ created: john }] },
  ),
);
