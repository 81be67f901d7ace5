import { Type } from '@sinclair/typebox';
import { Component, Default, Enum, Nullable } from './types.js';

/** The largest sum that is asked for is still exact. */
export const MAX_SUM = 1_000_000;

const MAX_ID = 2_147_483_647;
const id = (description: string) =>
  Type.Integer({ minimum: 1, maximum: MAX_ID, description, examples: [1] });

export const SumQuery = Type.Object({
  n: Default(
    Type.Integer({ minimum: 1, maximum: MAX_SUM, description: 'The last number of the sum' }),
    100,
  ),
});

export const PlaygroundSum = Component(
  'PlaygroundSum',
  Type.Object(
    {
      n: Type.Integer({ description: 'The last number of the sum' }),
      sum: Type.Integer({ description: '1 + 2 + … + n' }),
      formula: Type.String({ description: 'How it was computed' }),
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
    description: 'The amount, positive',
    examples: [99.95],
  }),
});

export const PlaygroundInvoice = Component(
  'PlaygroundInvoice',
  Type.Object(
    {
      amount: Type.Number({ description: 'The amount as a number' }),
      text: Type.String({ description: 'The amount in words, with two decimals' }),
    },
    {
      description: 'A number out of the path',
      examples: [{ amount: 99.95, text: 'Invoice amount: $99.95' }],
    },
  ),
);

export const PathParams = Type.Object({
  '*': Type.String({
    description: 'The rest of the path; it may hold slashes, as they are or as `%2F`',
    examples: ['reports/q4.pdf'],
  }),
});

export const PlaygroundPath = Component(
  'PlaygroundPath',
  Type.Object(
    { subpath: Type.String({ description: 'The rest of the path, decoded' }) },
    { description: 'A path within the path', examples: [{ subpath: 'reports/q4.pdf' }] },
  ),
);

export const ItemsParams = Type.Object({
  items: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    maxItems: 100,
    description: 'Values separated by commas',
    examples: [['apple', 'pear']],
  }),
});

export const PlaygroundItems = Component(
  'PlaygroundItems',
  Type.Object(
    { items: Type.Array(Type.String(), { description: 'The values, one by one' }) },
    { description: 'A list out of the path', examples: [{ items: ['apple', 'pear'] }] },
  ),
);

export const VersionParams = Type.Object({
  version: Type.String({
    pattern: '^\\d+\\.\\d+\\.\\d+$',
    maxLength: 50,
    description: 'Three numbers with dots between them',
    examples: ['1.2.3'],
  }),
});

export const PlaygroundVersion = Component(
  'PlaygroundVersion',
  Type.Object(
    { version: Type.String({ description: 'The version as it was given' }) },
    { description: 'A text of a certain form out of the path', examples: [{ version: '1.2.3' }] },
  ),
);

const page = Enum(['about', 'contact', 'help'], {
  description: 'One of the pages that there are',
  examples: ['about'],
});

export const ChoiceParams = Type.Object({ page });

export const PlaygroundChoice = Component(
  'PlaygroundChoice',
  Type.Object(
    { page },
    { description: 'One of several choices out of the path', examples: [{ page: 'about' }] },
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
      description: 'A UUID out of the path',
      examples: [{ uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
    },
  ),
);

export const ItemParams = Type.Object({ id: id('The number of the item') });

export const ItemQuery = Type.Object({
  q: Type.Optional(Type.String({ maxLength: 100, description: 'Any text; null if left out' })),
});

export const PlaygroundItem = Component(
  'PlaygroundItem',
  Type.Object(
    {
      item_id: id('The number out of the path'),
      q: Nullable(Type.String(), { description: 'The text out of the query, or null' }),
    },
    {
      description: 'A number out of the path and a text out of the query',
      examples: [{ item_id: 1, q: null }],
    },
  ),
);

export const CommentParams = Type.Object({
  id: id('The number of the post'),
  cid: id('The number of the comment'),
});

export const PlaygroundComment = Component(
  'PlaygroundComment',
  Type.Object(
    {
      post_id: id('The first number out of the path'),
      comment_id: id('The second number out of the path'),
      text: Type.String({ description: 'Both in words' }),
    },
    {
      description: 'Two numbers out of a nested path',
      examples: [{ post_id: 1, comment_id: 2, text: 'Post 1, Comment 2' }],
    },
  ),
);

export const HelloParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100, description: 'A name', examples: ['Ann'] }),
});

export const PlaygroundHello = Component(
  'PlaygroundHello',
  Type.Object(
    {
      name: Nullable(Type.String(), { description: 'The name out of the path, or null' }),
      message: Type.String({ description: 'A greeting' }),
    },
    { description: 'A greeting', examples: [{ name: 'Ann', message: 'Hello, Ann!' }] },
  ),
);
