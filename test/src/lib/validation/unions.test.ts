import t from 'tap';
import type { JsonSchema } from '#src/lib/validation/schema.js';
import { check, onlyError } from './brief.js';

const INT: JsonSchema = { type: 'integer' };
const STR: JsonSchema = { type: 'string' };

const definitions: Record<string, JsonSchema> = {
  Cat: {
    type: 'object',
    title: 'Cat',
    properties: { kind: { const: 'cat' }, lives: INT },
    required: ['kind', 'lives'],
  },
  Dog: {
    type: 'object',
    title: 'Dog',
    properties: { kind: { const: 'dog' }, bark: STR },
    required: ['kind', 'bark'],
  },
};

/** Returns the labels under which a union reports its members. */
function labels(...members: JsonSchema[]): unknown[] {
  const result = check({ anyOf: members }, { never: 'right' }, { definitions });
  const errors = 'errors' in result ? result.errors : [];
  return [...new Set(errors.map(([, label]) => label))];
}

t.test('labels members like Pydantic', async (t) => {
  t.strictSame(labels(INT, STR, { type: 'number' }, { type: 'boolean' }), [
    'int',
    'str',
    'float',
    'bool',
  ]);
  t.strictSame(
    labels(
      { type: 'integer', minimum: 1 },
      { type: 'string', minLength: 1 },
      { type: 'number', minimum: 1 },
    ),
    ['constrained-int', 'constrained-str', 'constrained-float'],
  );
  t.strictSame(
    labels(
      { type: 'array', items: INT },
      { type: 'array', items: { anyOf: [INT, STR] } },
      { type: 'array', items: { anyOf: [INT, { type: 'null' }] } },
      { type: 'array', items: INT, uniqueItems: true },
      { type: 'array', prefixItems: [INT, STR] },
    ),
    ['list[int]', 'list[union[int,str]]', 'list[nullable[int]]', 'set[int]', 'tuple[int, str]'],
  );
  t.strictSame(
    labels(
      { type: 'object', additionalProperties: { type: 'array', items: INT } },
      { enum: ['a', 'b'] },
    ),
    ['dict[str,list[int]]', 'never', "literal['a','b']"].filter((label) => label !== 'never'),
  );
  t.strictSame(
    labels(
      { type: 'string', format: 'uuid' },
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'date' },
      { type: 'string', format: 'time' },
      { type: 'string', format: 'email' },
    ),
    ['uuid', 'datetime', 'date', 'time', 'function-after[_validate(), str]'],
  );
  t.strictSame(labels({ $ref: 'Cat' }, { $ref: '#/components/schemas/Dog' }), ['Cat', 'Dog']);
});

t.test('neither labels nor reports null, and needs no union for null alone', async (t) => {
  for (const schema of [
    { anyOf: [INT, { type: 'null' }] },
    { type: ['integer', 'null'] },
    { type: 'integer', nullable: true },
  ]) {
    t.strictSame(check(schema, null), { value: null });
    t.strictSame(check(schema, '1'), { value: 1 });
    t.strictSame(check(schema, 'x'), { errors: [['int_parsing']] });
  }
  t.strictSame(check({ anyOf: [INT, { type: 'null' }, { type: 'boolean' }] }, 'x'), {
    errors: [
      ['int_parsing', 'int'],
      ['bool_parsing', 'bool'],
    ],
  });
});

t.test('selects the closest member in any order', async (t) => {
  t.strictSame(check({ anyOf: [INT, STR] }, '1'), { value: '1' });
  t.strictSame(check({ anyOf: [{ type: 'number' }, INT] }, 1), { value: 1 });
  t.strictSame(check({ anyOf: [{ type: 'boolean' }, INT] }, '1'), { value: true });
  t.strictSame(check({ anyOf: [INT, { type: 'array', items: INT }] }, ['1']), { value: [1] });
  const small = { type: 'object', properties: { a: INT } };
  const large = { type: 'object', properties: { a: INT, b: INT } };
  t.strictSame(check({ anyOf: [small, large] }, { a: 1, b: 2 }), { value: { a: 1, b: 2 } });
  t.strictSame(check({ anyOf: [small, large] }, { a: 1 }), { value: { a: 1 } });
});

t.test('prefers a member that uses the whole input', async (t) => {
  const closed = { type: 'object', properties: { d: INT } };
  const open = { type: 'object', properties: { q: INT }, additionalProperties: true };
  const either = { anyOf: [closed, open] };
  t.strictSame(check(either, { d: '1' }), { value: { d: 1 } });
  t.strictSame(check(either, { d: '1', q: 2 }), { value: { d: '1', q: 2 } });
  t.strictSame(check(either, { x: 1 }), { value: { x: 1 } });
});

t.test('selects a member by discriminator', async (t) => {
  const schema: JsonSchema = {
    oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
    discriminator: {
      propertyName: 'kind',
      mapping: { cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog' },
    },
  };
  const options = { definitions };
  const resolved = {
    ...schema,
    oneOf: Object.values(definitions),
    discriminator: { propertyName: 'kind' },
  };
  t.strictSame(check(schema, { kind: 'cat', lives: '9' }, options), {
    value: { kind: 'cat', lives: 9 },
  });
  t.strictSame(check(schema, { kind: 'cat', lives: 'x' }, options), {
    errors: [['int_parsing', 'cat', 'lives']],
  });
  t.match(onlyError(resolved, {}), {
    type: 'union_tag_not_found',
    msg: "Unable to extract tag using discriminator 'kind'",
    ctx: { discriminator: "'kind'" },
  });
  t.match(onlyError(resolved, { kind: null }), {
    type: 'union_tag_invalid',
    msg: "Input tag 'None' found using 'kind' does not match any of the expected tags: 'cat', 'dog'",
    ctx: { discriminator: "'kind'", tag: 'None', expected_tags: "'cat', 'dog'" },
  });
  t.match(onlyError(resolved, { kind: ['a', "b'"] }), { ctx: { tag: `['a', "b'"]` } });
  t.strictSame(check(resolved, []), { errors: [['model_attributes_type']] });
  t.match(onlyError(resolved, JSON.parse('{"__proto__": {"kind": "cat"}}')), {
    type: 'union_tag_not_found',
  });
});

t.test('supports several tags per member, and rejects a member without a tag', async (t) => {
  const member = (kind: JsonSchema, title: string): JsonSchema => ({
    type: 'object',
    title,
    properties: { kind, n: INT },
    required: ['kind', 'n'],
  });
  const birds = { anyOf: [{ const: 'crow' }, { const: 'parrot' }] };
  const union = (...oneOf: JsonSchema[]): JsonSchema => ({
    oneOf,
    discriminator: { propertyName: 'kind' },
  });
  const schema = union(
    member(birds, 'Bird'),
    member({ enum: ['cow'] }, 'Cow'),
    member({ const: 1 }, 'One'),
  );
  t.strictSame(check(schema, { kind: 'parrot', n: '1' }), { value: { kind: 'parrot', n: 1 } });
  t.strictSame(check(schema, { kind: 'crow', n: 'x' }), { errors: [['int_parsing', 'crow', 'n']] });
  t.strictSame(check(schema, { kind: 1, n: 'x' }), { errors: [['int_parsing', 1, 'n']] });
  t.match(onlyError(schema, { kind: 'x' }), {
    ctx: { expected_tags: "'crow', 'parrot', 'cow', 1" },
  });
  t.throws(() => check(union(member(STR, 'A'), member(STR, 'B')), {}), /no constant kind/);
});

t.test('treats a decimal as one value', async (t) => {
  const pattern = '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$';
  const schema = {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'string', pattern },
    ],
  };
  t.strictSame(check(schema, '1.50'), { value: '1.50' });
  t.strictSame(check(schema, 1.5), { value: 1.5 });
  t.match(onlyError(schema, '-1'), { type: 'greater_than', loc: [], input: '-1' });
  t.strictSame(check(schema, 'x'), { errors: [['decimal_parsing']] });
  t.strictSame(check(schema, []), { errors: [['decimal_type']] });
});
