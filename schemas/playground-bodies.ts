import { type Static, Type } from '@sinclair/typebox';
import { Component, Default, Enum, Nullable, Ref } from './types.js';
import { Address } from './users.js';

export const PlaygroundFormInput = Component(
  'PlaygroundFormInput',
  Type.Object(
    {
      username: Type.String({ maxLength: 50, description: 'A username' }),
      // No length limits: a validation error would return the value.
      password: Type.String({
        format: 'password',
        description: 'A password, which is never returned',
      }),
      hobby: Default(
        Type.Array(Type.String({ maxLength: 50 }), {
          maxItems: 20,
          description: 'A repeatable field: `hobby=go&hobby=chess`',
        }),
        [],
      ),
    },
    {
      description: 'A form with a repeatable field',
      examples: [{ username: 'alice', password: 'a long Secret 1', hobby: ['go', 'chess'] }],
    },
  ),
);
export type PlaygroundFormInput = Static<typeof PlaygroundFormInput>;

export const PlaygroundForm = Component(
  'PlaygroundForm',
  Type.Object(
    {
      username: Type.String({ description: 'The username received' }),
      hobbies: Type.Array(Type.String(), { description: 'All values of `hobby`' }),
    },
    {
      description: 'The form as parsed',
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
      name: Type.String({ minLength: 1, maxLength: 100, description: 'A required string' }),
      age: Type.Optional(Type.Integer({ minimum: 0, maximum: 150, description: 'An integer' })),
      isMale: Type.Optional(Type.Boolean({ description: 'A boolean' })),
      hobbies: Default(
        Type.Array(Type.String({ maxLength: 50 }), {
          maxItems: 20,
          description: 'A list of strings',
        }),
        [],
      ),
      address: Type.Optional(
        Type.Object(
          {
            city: Type.String({ maxLength: 100, description: 'City' }),
            detail: Type.Optional(
              Type.String({ maxLength: 200, description: 'The rest of the address' }),
            ),
          },
          { description: 'A nested object' },
        ),
      ),
      email: Default(
        Nullable(Type.String({ maxLength: 120 }), { description: 'A nullable string' }),
        null,
      ),
    },
    { description: 'JSON with every type of value', examples: [person] },
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
      description: 'The JSON as parsed: defaults filled in, unknown fields dropped',
      examples: [{ received: person, content_type: 'application/json' }],
    },
  ),
);

const OPERATORS = ['+', '-', '*', '/'] as const;

const operands = {
  a: Type.Number({ minimum: -1e15, maximum: 1e15, description: 'The first operand' }),
  b: Type.Number({ minimum: -1e15, maximum: 1e15, description: 'The second operand' }),
  op: Enum(OPERATORS, { description: 'The operator. Encode `+` as `%2B` in a form.' }),
};

export const PlaygroundCalculation = Component(
  'PlaygroundCalculation',
  Type.Object(operands, {
    description: 'Two operands and an operator',
    examples: [{ a: 10, b: 3, op: '/' }],
  }),
);
export type PlaygroundCalculation = Static<typeof PlaygroundCalculation>;

export const PlaygroundResult = Component(
  'PlaygroundResult',
  Type.Object(
    { ...operands, result: Type.Number({ description: 'The result' }) },
    {
      description: 'A calculation and its result',
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
      username: Type.String({ minLength: 3, maxLength: 50, description: 'A username' }),
      tags: Default(
        Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20, description: 'Free-form tags' }),
        [],
      ),
      address: Default(Nullable(Ref(Address), { description: 'A nested object' }), null),
    },
    { description: 'A user with a nested address', examples: [john] },
  ),
);

export const PlaygroundUserCreated = Component(
  'PlaygroundUserCreated',
  Type.Object(
    { created: Ref(PlaygroundUser) },
    { description: 'The user as it would have been created', examples: [{ created: john }] },
  ),
);
