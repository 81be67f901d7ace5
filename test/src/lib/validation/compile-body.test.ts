import t from 'tap';
import {
  type BodyOptions,
  compileBody,
  type ParsedBody,
} from '#src/lib/validation/compile-body.js';
import type { JsonSchema } from '#src/lib/validation/schema.js';
import { brief } from './brief.js';

const item: JsonSchema = {
  type: 'object',
  title: 'Item',
  properties: { name: { type: 'string' }, price: { type: 'number' } },
  required: ['name', 'price'],
};

const json = (value: unknown): ParsedBody => ({ kind: 'json', value });
const raw = (text: string): ParsedBody => ({ kind: 'raw', text });
const form = (fields: Record<string, unknown>): ParsedBody => ({ kind: 'form', fields });
const EMPTY: ParsedBody = { kind: 'empty' };

const run = (options: BodyOptions, body: ParsedBody) => brief(compileBody(options)(body));

t.test('validates a single model', async (t) => {
  const options: BodyOptions = { schema: item };
  t.strictSame(run(options, json({ name: 'a', price: '1' })), { value: { name: 'a', price: 1 } });
  t.strictSame(run(options, json({ name: 'a' })), { errors: [['missing', 'body', 'price']] });
  for (const body of [EMPTY, raw('')]) {
    t.strictSame(compileBody(options)(body), {
      errors: [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }],
    });
  }
  t.match(compileBody(options)(json(null)), {
    errors: [{ type: 'model_attributes_type', loc: ['body'], input: null }],
  });
  t.match(compileBody(options)(raw('{"name":"a","price":1}')), {
    errors: [{ type: 'model_attributes_type', loc: ['body'], input: '{"name":"a","price":1}' }],
  });
});

t.test('uses the default or null for a missing optional body', async (t) => {
  const schema = { anyOf: [item, { type: 'null' }] };
  t.strictSame(run({ schema, required: false }, EMPTY), { value: null });
  t.strictSame(run({ schema, required: false }, json(null)), { value: null });
  t.strictSame(run({ schema, required: false }, json([])), {
    errors: [['model_attributes_type', 'body']],
  });
  t.strictSame(run({ schema: { type: 'integer', default: 7 }, required: false }, EMPTY), {
    value: 7,
  });
});

t.test('validates a value that is not a model', async (t) => {
  const list = { type: 'array', items: item };
  t.strictSame(run({ schema: list }, json([{ name: 'a' }])), {
    errors: [['missing', 'body', 0, 'price']],
  });
  t.strictSame(run({ schema: list }, json(null)), { errors: [['list_type', 'body']] });
  t.strictSame(run({ schema: list }, raw('[]')), { errors: [['list_type', 'body']] });
  t.strictSame(run({ schema: { type: 'string' } }, raw('plain')), { value: 'plain' });
  t.strictSame(run({ schema: { type: 'integer' } }, raw('12')), { value: 12 });
  const uuid = { type: 'string', format: 'uuid' };
  t.match(compileBody({ schema: uuid })(raw('"é"')), {
    errors: [{ ctx: { error: 'invalid length: expected 16 bytes, found 4' } }],
  });
  const ip = { type: 'string', format: 'ipvanyaddress' };
  t.strictSame(run({ schema: ip }, raw('abcd')), { value: '97.98.99.100' });
  t.strictSame(run({ schema: ip }, raw('1.2.3.4')), { errors: [['ip_any_address', 'body']] });
  const [ipv4, ipv6] = [
    { type: 'string', format: 'ipv4' },
    { type: 'string', format: 'ipv6' },
  ];
  t.strictSame(run({ schema: ipv4 }, raw('abcd')), { value: '97.98.99.100' });
  t.strictSame(run({ schema: ipv6 }, raw('abcd')), { errors: [['ip_v6_address', 'body']] });
  t.strictSame(run({ schema: ipv4 }, raw('0123456789abcdef')), {
    errors: [['ip_v4_address', 'body']],
  });
  t.strictSame(run({ schema: { const: 'a' } }, raw('a')), { errors: [['literal_error', 'body']] });
  const either = { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  t.strictSame(run({ schema: either }, raw('12')), { value: 12 });
  t.strictSame(run({ schema: uuid }, raw('0123456789abcdef')), {
    value: '30313233-3435-3637-3839-616263646566',
  });
});

t.test('validates several parameters', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { item, n: { type: 'integer', default: 1 }, note: { type: 'string' } },
    required: ['item'],
  };
  const options: BodyOptions = { schema, mode: 'embed' };
  const good = { name: 'a', price: 1 };
  t.strictSame(run(options, json({ item: good, other: 1 })), { value: { item: good, n: 1 } });
  t.strictSame(run(options, json({ item: null, n: null })), {
    errors: [
      ['model_attributes_type', 'body', 'item'],
      ['int_type', 'body', 'n'],
    ],
  });
  t.strictSame(run(options, json({ item: { name: 'a' }, n: 'x' })), {
    errors: [
      ['missing', 'body', 'item', 'price'],
      ['int_parsing', 'body', 'n'],
    ],
  });
  for (const body of [EMPTY, json({}), raw('{"item":1}')]) {
    t.match(compileBody(options)(body), {
      errors: [{ type: 'missing', loc: ['body', 'item'], input: null }],
    });
    t.strictSame(run(options, body), { errors: [['missing', 'body', 'item']] });
  }
  for (const value of [[], 'x', 1, true, null]) {
    t.strictSame(run(options, json(value)), {
      errors: [
        ['missing', 'body', 'item'],
        ['missing', 'body', 'n'],
        ['missing', 'body', 'note'],
      ],
    });
  }
});

const fields: JsonSchema = {
  type: 'object',
  properties: {
    username: { type: 'string', minLength: 2 },
    age: { type: 'integer' },
    tags: { type: 'array', items: { type: 'integer' }, default: [] },
  },
  required: ['username', 'age'],
};

t.test('treats an empty form field as missing, except in lists', async (t) => {
  const options: BodyOptions = { schema: fields, mode: 'form' };
  t.strictSame(run(options, form({ username: ['ab', 'cd'], age: '1', extra: 'x' })), {
    value: { username: 'cd', age: 1, tags: [] },
  });
  t.strictSame(run(options, form({ username: 'ab', age: '', tags: '' })), {
    errors: [
      ['missing', 'body', 'age'],
      ['int_parsing', 'body', 'tags', 0],
    ],
  });
  for (const body of [EMPTY, json({ username: 'ab', age: 1 }), raw('x')]) {
    t.match(compileBody(options)(body), {
      errors: [
        { type: 'missing', loc: ['body', 'username'], input: null },
        { type: 'missing', loc: ['body', 'age'], input: null },
      ],
    });
  }
});

t.test('hands integers on as numbers, which are exact only in errors', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { n: { type: 'integer', maximum: 10 }, any: {}, list: { type: 'array' } },
  };
  const big = 2n ** 53n + 1n;
  const body = (value: unknown): ParsedBody => ({ kind: 'json', value, hasBigInts: true });
  t.match(compileBody({ schema })(body({ n: big })), {
    errors: [{ type: 'less_than_equal', loc: ['body', 'n'], input: big }],
  });
  t.strictSame(run({ schema }, body({ n: -big, any: { a: [big] }, list: [1, big] })), {
    value: { n: -(2 ** 53), any: { a: [2 ** 53] }, list: [1, 2 ** 53] },
  });
  t.strictSame(run({ schema, mode: 'embed' }, body({ any: big })), { value: { any: 2 ** 53 } });
});

t.test('drops empty fields of a form model, and reports the parent as input', async (t) => {
  const schema = { ...fields, properties: { ...fields.properties, username: { type: 'string' } } };
  const options: BodyOptions = { schema, mode: 'form-model' };
  t.match(compileBody(options)(form({ username: '' })), {
    errors: [
      { type: 'missing', loc: ['body', 'username'], input: {} },
      { type: 'missing', loc: ['body', 'age'], input: {} },
    ],
  });
  const strict: BodyOptions = {
    schema: { ...schema, additionalProperties: false },
    mode: 'form-model',
  };
  t.match(compileBody(strict)(form({ username: 'a', age: '1', zz: ['1', '2'] })), {
    errors: [{ type: 'extra_forbidden', loc: ['body', 'zz'], input: ['1', '2'] }],
  });
  t.strictSame(run(strict, form({ username: 'a', age: ['x', '1'], tags: '2' })), {
    value: { username: 'a', age: 1, tags: [2] },
  });
});

t.test('accepts uploads, but no text, in a file field', async (t) => {
  const file = { type: 'string', contentMediaType: 'application/octet-stream' };
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      file,
      files: { type: 'array', items: file },
      other: { type: 'string', format: 'binary' },
    },
    required: ['file'],
  };
  const options: BodyOptions = { schema, mode: 'form' };
  const upload = { filename: 'a.txt', content: 'x' };
  t.strictSame(run(options, form({ file: upload, files: [upload, upload] })), {
    value: { file: upload, files: [upload, upload] },
  });
  t.match(compileBody(options)(form({ file: 'text', files: 'text' })), {
    errors: [
      {
        type: 'value_error',
        loc: ['body', 'file'],
        msg: "Value error, Expected UploadFile, received: <class 'str'>",
        input: 'text',
        ctx: { error: {} },
      },
      { type: 'value_error', loc: ['body', 'files', 0] },
    ],
  });
  t.strictSame(run(options, form({})), { errors: [['missing', 'body', 'file']] });
  t.strictSame(
    run({ schema }, json({ file: 'text' })),
    { value: { file: 'text' } },
    'JSON cannot contain uploads',
  );
});
