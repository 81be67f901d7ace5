import { Type } from '@sinclair/typebox';
import { Component, Default, Enum, Nullable } from './types.js';

/** The largest `n`: its sum is still exact. */
export const MAX_SUM = 1_000_000;

const MAX_ID = 2_147_483_647;
const id = (description: string) =>
  Type.Integer({ minimum: 1, maximum: MAX_ID, description, examples: [1] });

export const SumQuery = Type.Object({
  n: Default(
    Type.Integer({ minimum: 1, maximum: MAX_SUM, description: 'The last number to add' }),
    100,
  ),
});

export const PlaygroundSum = Component(
  'PlaygroundSum',
  Type.Object(
    {
      n: Type.Integer({ description: 'The last number to add' }),
      sum: Type.Integer({ description: 'The sum 1 + 2 + … + n' }),
      formula: Type.String({ description: 'The formula used' }),
    },
    {
      description: 'The sum of the numbers from 1 to n',
      examples: [{ n: 100, sum: 5050, formula: 'n(n+1)/2' }],
    },
  ),
);

export const InvoiceParams = Type.Object({
  amount: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1_000_000_000,
    description: 'The amount, greater than 0',
    examples: [99.95],
  }),
});

export const PlaygroundInvoice = Component(
  'PlaygroundInvoice',
  Type.Object(
    {
      amount: Type.Number({ description: 'The amount as a number' }),
      text: Type.String({ description: 'The amount as text, rounded to two decimals' }),
    },
    {
      description: 'An amount from the path',
      examples: [{ amount: 99.95, text: 'Invoice amount: $99.95' }],
    },
  ),
);

export const PathParams = Type.Object({
  '*': Type.String({
    description: 'The rest of the path. Slashes may be literal or encoded as `%2F`.',
    examples: ['reports/q4.pdf'],
  }),
});

export const PlaygroundPath = Component(
  'PlaygroundPath',
  Type.Object(
    { subpath: Type.String({ description: 'The rest of the path, decoded' }) },
    { description: 'The rest of a path', examples: [{ subpath: 'reports/q4.pdf' }] },
  ),
);

export const ItemsParams = Type.Object({
  items: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    maxItems: 100,
    description: 'A comma-separated list',
    examples: [['apple', 'pear']],
  }),
});

export const PlaygroundItems = Component(
  'PlaygroundItems',
  Type.Object(
    { items: Type.Array(Type.String(), { description: 'The values of the list' }) },
    { description: 'A list from the path', examples: [{ items: ['apple', 'pear'] }] },
  ),
);

export const VersionParams = Type.Object({
  version: Type.String({
    pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+$',
    maxLength: 50,
    description: 'A version of the form `1.2.3`',
    examples: ['1.2.3'],
  }),
});

export const PlaygroundVersion = Component(
  'PlaygroundVersion',
  Type.Object(
    { version: Type.String({ description: 'The version received' }) },
    { description: 'A version from the path', examples: [{ version: '1.2.3' }] },
  ),
);

const page = Enum(['about', 'contact', 'help'], {
  description: 'One of the allowed values',
  examples: ['about'],
});

export const ChoiceParams = Type.Object({ page });

export const PlaygroundChoice = Component(
  'PlaygroundChoice',
  Type.Object(
    { page },
    { description: 'An enum value from the path', examples: [{ page: 'about' }] },
  ),
);

const uid = Type.String({
  format: 'uuid',
  description: 'A UUID (RFC 9562)',
  examples: ['3f2504e0-4f89-41d3-9a0c-0305e82c3301'],
});

export const UuidParams = Type.Object({ uid });

export const PlaygroundUuid = Component(
  'PlaygroundUuid',
  Type.Object(
    { uid },
    {
      description: 'A UUID from the path',
      examples: [{ uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
    },
  ),
);

export const ItemParams = Type.Object({ id: id('The id of the item') });

export const ItemQuery = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 100, description: 'Any text' })),
});

export const PlaygroundItem = Component(
  'PlaygroundItem',
  Type.Object(
    {
      item_id: id('The id from the path'),
      q: Nullable(Type.String(), { description: 'The text from the query; null if omitted' }),
    },
    {
      description: 'Values from the path and the query',
      examples: [{ item_id: 1, q: null }],
    },
  ),
);

export const CommentParams = Type.Object({
  id: id('The id of the post'),
  cid: id('The id of the comment'),
});

export const PlaygroundComment = Component(
  'PlaygroundComment',
  Type.Object(
    {
      post_id: id('The id of the post, from the path'),
      comment_id: id('The id of the comment, from the path'),
      text: Type.String({ description: 'Both ids as text' }),
    },
    {
      description: 'Two ids from a nested path',
      examples: [{ post_id: 1, comment_id: 2, text: 'Post 1, Comment 2' }],
    },
  ),
);

export const HelloParams = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'The name to greet',
    examples: ['Ann'],
  }),
});

export const PlaygroundHello = Component(
  'PlaygroundHello',
  Type.Object(
    {
      name: Nullable(Type.String(), {
        description: 'The name from the path; null if there is none',
      }),
      message: Type.String({ description: 'A greeting' }),
    },
    { description: 'A greeting', examples: [{ name: 'Ann', message: 'Hello, Ann!' }] },
  ),
);
