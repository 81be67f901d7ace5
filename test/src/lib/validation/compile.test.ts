import { Type } from '@sinclair/typebox';
import t from 'tap';
import { compileSchema } from '#src/lib/validation/compile.js';
import type { JsonSchema } from '#src/lib/validation/schema.js';
import { check, onlyError } from './brief.js';

t.test('resolves references in every notation', async (t) => {
  const definitions = { Name: { type: 'string', minLength: 2 } };
  for (const $ref of [
    'Name',
    'Name#',
    '#/components/schemas/Name',
    '#/$defs/Name',
    '#/definitions/Name',
  ]) {
    t.strictSame(check({ $ref }, 'a', { definitions }), { errors: [['string_too_short']] }, $ref);
  }
  const inside = { $ref: 'Box#/properties/size' };
  const Box = { type: 'object', properties: { size: { type: 'integer' } } };
  t.strictSame(check(inside, 'x', { definitions: { Box } }), { errors: [['int_parsing']] });
  const own = { $defs: { 'a/b': { type: 'integer' } }, $ref: '#/$defs/a~1b' };
  t.strictSame(check(own, 'x'), { errors: [['int_parsing']] });
  t.throws(() => compileSchema({ $ref: 'Box#/properties/none' }, { definitions: { Box } }), /none/);
  t.throws(() => compileSchema({ $ref: 'Nobody' }), /Nobody does not exist/);
  t.throws(() => compileSchema({ $ref: 'toString' }), /does not exist/);
  const loop = { A: { $ref: 'B' }, B: { $ref: 'A' } };
  t.throws(() => compileSchema({ $ref: 'A' }, { definitions: loop }), /refers to itself/);
});

t.test('supports recursive and mutually recursive schemas', async (t) => {
  const definitions: Record<string, JsonSchema> = {
    Tree: {
      type: 'object',
      properties: { v: { type: 'integer' }, kids: { type: 'array', items: { $ref: 'Tree#' } } },
      required: ['v'],
    },
    Ping: { type: 'object', properties: { pong: { anyOf: [{ $ref: 'Pong' }, { type: 'null' }] } } },
    Pong: { type: 'object', properties: { ping: { $ref: 'Ping' } } },
  };
  const tree = { $ref: 'Tree#' };
  t.strictSame(check(tree, { v: '1', kids: [{ v: 2 }] }, { definitions }), {
    value: { v: 1, kids: [{ v: 2 }] },
  });
  t.strictSame(check(tree, { v: 'x', kids: [{ v: 1, kids: [{ v: 'y' }] }] }, { definitions }), {
    errors: [
      ['int_parsing', 'v'],
      ['int_parsing', 'kids', 0, 'kids', 0, 'v'],
    ],
  });
  t.strictSame(check({ $ref: 'Ping' }, { pong: { ping: { pong: 1 } } }, { definitions }), {
    errors: [['model_attributes_type', 'pong', 'ping', 'pong']],
  });
});

t.test('limits recursion like Pydantic', async (t) => {
  const definitions: Record<string, JsonSchema> = {
    Node: { type: 'object', properties: { next: { anyOf: [{ $ref: 'Node' }, { type: 'null' }] } } },
  };
  const chain = (length: number) => {
    let node: object = {};
    for (let index = 0; index < length; index += 1) node = { next: node };
    return node;
  };
  const validate = compileSchema({ $ref: 'Node' }, { definitions });
  t.ok('value' in validate(chain(254)));
  const result = validate(chain(255));
  t.match(result, { errors: [{ type: 'recursion_loop' }] });
  t.equal('errors' in result ? result.errors[0]?.loc.length : 0, 255);
  t.ok('errors' in validate(chain(5000)), 'far too deep');
  t.ok('value' in validate(chain(10)), 'a later call starts anew');
});

t.test('validates recursive unions in linear time', async (t) => {
  const operand = { anyOf: [{ $ref: 'Not' }, { $ref: 'And' }, { type: 'integer' }] };
  const operation = (name: string): JsonSchema => ({
    type: 'object',
    title: name,
    properties: { op: { const: name }, arg: operand },
    required: ['op', 'arg'],
  });
  const definitions = { Not: operation('Not'), And: operation('And') };
  const nested = (depth: number, leaf: unknown) => {
    let value = leaf;
    for (let index = 0; index < depth; index += 1) value = { op: 'And', arg: value };
    return value;
  };
  t.strictSame(check(operand, nested(2, 'x'), { definitions }), {
    errors: [
      ['literal_error', 'Not', 'op'],
      ['literal_error', 'Not', 'arg', 'Not', 'op'],
      ['model_attributes_type', 'Not', 'arg', 'Not', 'arg', 'Not'],
      ['model_attributes_type', 'Not', 'arg', 'Not', 'arg', 'And'],
      ['int_parsing', 'Not', 'arg', 'Not', 'arg', 'int'],
      ['model_attributes_type', 'Not', 'arg', 'And', 'arg', 'Not'],
      ['model_attributes_type', 'Not', 'arg', 'And', 'arg', 'And'],
      ['int_parsing', 'Not', 'arg', 'And', 'arg', 'int'],
      ['int_type', 'Not', 'arg', 'int'],
      ['literal_error', 'And', 'arg', 'Not', 'op'],
      ['model_attributes_type', 'And', 'arg', 'Not', 'arg', 'Not'],
      ['model_attributes_type', 'And', 'arg', 'Not', 'arg', 'And'],
      ['int_parsing', 'And', 'arg', 'Not', 'arg', 'int'],
      ['model_attributes_type', 'And', 'arg', 'And', 'arg', 'Not'],
      ['model_attributes_type', 'And', 'arg', 'And', 'arg', 'And'],
      ['int_parsing', 'And', 'arg', 'And', 'arg', 'int'],
      ['int_type', 'And', 'arg', 'int'],
      ['int_type', 'int'],
    ],
  });
  const validate = compileSchema(operand, { definitions });
  const start = process.hrtime.bigint();
  t.ok('value' in validate(nested(200, 1)));
  t.ok('errors' in validate(nested(200, 'x')));
  t.ok(process.hrtime.bigint() - start < 5_000_000_000n);
});

t.test('supports the schemas that TypeBox creates', async (t) => {
  const User = Type.Object(
    {
      name: Type.String({ minLength: 1 }),
      role: Type.Union([Type.Literal('admin'), Type.Literal('user')], { default: 'user' }),
      age: Type.Optional(Type.Integer()),
      nick: Type.Union([Type.String(), Type.Null()]),
      pair: Type.Optional(Type.Tuple([Type.Integer(), Type.String()])),
      scores: Type.Optional(Type.Record(Type.String(), Type.Number())),
    },
    { additionalProperties: false },
  );
  const input = { name: 'a', nick: null, age: '3', pair: ['1', 'x'], scores: { a: '1.5' } };
  t.strictSame(check(User, input), {
    value: { name: 'a', role: 'user', age: 3, nick: null, pair: [1, 'x'], scores: { a: 1.5 } },
  });
  t.strictSame(check(User, { name: '', role: 'x', z: 1 }), {
    errors: [
      ['string_too_short', 'name'],
      ['literal_error', 'role'],
      ['missing', 'nick'],
      ['extra_forbidden', 'z'],
    ],
  });
  const Both = Type.Intersect([
    Type.Object({ a: Type.Integer() }),
    Type.Object({ b: Type.Integer() }),
  ]);
  t.strictSame(check(Both, { a: '1', b: 2, c: 3 }), { value: { a: 1, b: 2 } });
  t.strictSame(check(Both, { a: 1 }), { errors: [['missing', 'b']] });
  const List = Type.Recursive((This) =>
    Type.Object({ v: Type.Integer(), next: Type.Optional(This) }),
  );
  t.strictSame(check(List, { v: 1, next: { v: '2' } }), { value: { v: 1, next: { v: 2 } } });
  t.strictSame(check(List, { v: 1, next: { v: 'x' } }), { errors: [['int_parsing', 'next', 'v']] });
  t.strictSame(check(Type.Object({}), { a: 1 }), { value: {} });
  t.strictSame(check(Type.Unknown(), { a: 1 }), { value: { a: 1 } });
});

t.test('rejects unsupported keywords', async (t) => {
  for (const schema of [
    { not: { type: 'string' } },
    { if: { type: 'string' } },
    { type: 'array', contains: { type: 'integer' } },
    { type: 'object', dependentRequired: { a: ['b'] } },
    { type: 'object', properties: { a: { type: 'string', not: {} } } },
  ]) {
    t.throws(() => compileSchema(schema as JsonSchema), /is not supported/);
  }
  t.throws(() => compileSchema({ anyOf: [{}, {}], minLength: 1 }), /minLength beside/);
  t.throws(() => compileSchema({ $ref: 'A', required: ['a'] }), /required beside/);
  t.throws(() => compileSchema({ type: 'date' }), /date is not known/);
  t.throws(() => compileSchema({ type: 'string', pattern: '(' }), SyntaxError);
});

t.test('never turns texts of a schema into code', async (t) => {
  const key = `"];throw new Error('run');//\u2028`;
  const schema = {
    type: 'object',
    properties: { [key]: { type: 'string', enum: [key], default: key } },
    additionalProperties: false,
  };
  t.strictSame(check(schema, { [key]: key }), { value: { [key]: key } });
  t.strictSame(check(schema, {}), { value: { [key]: key } });
  t.strictSame(check(schema, { [key]: 'x' }), { errors: [['literal_error', key]] });
});

t.test('puts ctx after input, if there is any', async (t) => {
  t.strictSame(Object.keys(onlyError({ type: 'string', minLength: 1 }, '')), [
    'type',
    'loc',
    'msg',
    'input',
    'ctx',
  ]);
  t.strictSame(Object.keys(onlyError({ type: 'string' }, 1)), ['type', 'loc', 'msg', 'input']);
});
