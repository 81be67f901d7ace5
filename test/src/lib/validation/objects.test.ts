import t from 'tap';
import { compileSchema } from '#src/lib/validation/compile.js';
import { check, onlyError } from './brief.js';

const item = {
  type: 'object',
  title: 'Item',
  properties: {
    name: { type: 'string' },
    price: { type: 'number' },
    tags: { type: 'array', items: { type: 'string' }, default: [] },
    note: { type: 'string' },
  },
  required: ['name', 'price'],
};

t.test(
  'returns a new model with converted values and defaults, without undeclared fields',
  async (t) => {
    const input = { note: 'n', price: '2.5', name: 'a', extra: 1 };
    const before = structuredClone(input);
    t.strictSame(check(item, input), { value: { name: 'a', price: 2.5, tags: [], note: 'n' } });
    t.strictSame(input, before);
  },
);

t.test(
  'reports errors in the order of the schema, and the parent as input of a missing field',
  async (t) => {
    const result = compileSchema(item, { place: 'body' })({ tags: 'x' });
    t.strictSame(result, {
      errors: [
        { type: 'missing', loc: ['body', 'name'], msg: 'Field required', input: { tags: 'x' } },
        { type: 'missing', loc: ['body', 'price'], msg: 'Field required', input: { tags: 'x' } },
        {
          type: 'list_type',
          loc: ['body', 'tags'],
          msg: 'Input should be a valid list',
          input: 'x',
        },
      ],
    });
    t.strictSame(Object.keys('errors' in result ? (result.errors[0] ?? {}) : {}), [
      'type',
      'loc',
      'msg',
      'input',
    ]);
  },
);

t.test('rejects values other than objects', async (t) => {
  for (const value of [null, 1, 'x', true, []]) {
    t.strictSame(check(item, value), { errors: [['model_attributes_type']] });
  }
});

t.test('creates new defaults for each call', async (t) => {
  const validate = compileSchema(item);
  const tagsOf = (value: unknown) => {
    const result = validate(value);
    return ('value' in result ? result.value : {}) as { tags: string[] };
  };
  tagsOf({ name: 'a', price: 1 }).tags.push('mine');
  t.strictSame(tagsOf({ name: 'a', price: 1 }).tags, []);
  t.strictSame(tagsOf({ name: 'a', price: '1' }).tags, []);
});

t.test('rejects, keeps or validates extra fields', async (t) => {
  const base = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
  const strict = { ...base, additionalProperties: false };
  t.strictSame(check(strict, { name: 'a' }), { value: { name: 'a' } });
  t.strictSame(check(strict, { y: 1, x: 2 }), {
    errors: [
      ['missing', 'name'],
      ['extra_forbidden', 'y'],
      ['extra_forbidden', 'x'],
    ],
  });
  t.match(onlyError(strict, { name: 'a', x: 1 }), { input: 1 });
  t.strictSame(check({ ...base, additionalProperties: true }, { name: 'a', x: [1] }), {
    value: { name: 'a', x: [1] },
  });
  const numbers = { ...base, additionalProperties: { type: 'integer' } };
  t.strictSame(check(numbers, { name: 'a', x: '1' }), { value: { name: 'a', x: 1 } });
  t.strictSame(check(numbers, { name: 'a', x: 'y' }), { errors: [['int_parsing', 'x']] });
});

t.test('treats names of Object.prototype as ordinary fields', async (t) => {
  const input = JSON.parse(
    '{"__proto__": {"polluted": 1}, "constructor": 2, "name": "a", "price": 1}',
  );
  t.strictSame(check({ ...item, additionalProperties: false }, input), {
    errors: [
      ['extra_forbidden', '__proto__'],
      ['extra_forbidden', 'constructor'],
    ],
  });
  const open = compileSchema({ ...item, additionalProperties: true })(input);
  const kept = ('value' in open ? open.value : {}) as object;
  t.equal(Object.getPrototypeOf(kept), Object.prototype);
  t.ok(Object.hasOwn(kept, '__proto__'));
  const declared = {
    type: 'object',
    properties: { constructor: { type: 'integer' }, toString: { type: 'integer' } },
    required: ['constructor', 'toString'],
  };
  t.strictSame(check(declared, {}), {
    errors: [
      ['missing', 'constructor'],
      ['missing', 'toString'],
    ],
  });
  t.strictSame(check(declared, { constructor: 1, toString: '2' }), {
    value: { constructor: 1, toString: 2 },
  });
  const map = {
    type: 'object',
    additionalProperties: { type: 'object', additionalProperties: true },
  };
  const out = compileSchema(map)(JSON.parse('{"__proto__": {"polluted": 1}}'));
  t.strictSame(Object.keys('value' in out ? (out.value as object) : {}), ['__proto__']);
  t.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

t.test('validates keys and values of a map', async (t) => {
  const map = {
    type: 'object',
    propertyNames: { type: 'integer' },
    additionalProperties: { type: 'number' },
  };
  t.strictSame(check(map, { 3: '3.3' }), { value: { 3: 3.3 } });
  t.strictSame(check(map, { foo: 2.2 }), { errors: [['int_parsing', 'foo', '[key]']] });
  t.strictSame(check(map, { foo: 'x' }), {
    errors: [
      ['int_parsing', 'foo', '[key]'],
      ['float_parsing', 'foo'],
    ],
  });
  t.strictSame(check(map, []), { errors: [['dict_type']] });
  const sized = { type: 'object', additionalProperties: true, minProperties: 1, maxProperties: 2 };
  t.match(onlyError(sized, {}), {
    msg: 'Dictionary should have at least 1 item after validation, not 0',
  });
  t.match(onlyError(sized, { a: 1, b: 2, c: 3 }), {
    msg: 'Dictionary should have at most 2 items after validation, not more',
    ctx: { field_type: 'Dictionary', max_length: 2, actual_length: null },
  });
  const numbers = { ...sized, additionalProperties: { type: 'integer' } };
  t.strictSame(check(numbers, { a: 'x', b: 1, c: 2, d: 3 }), { errors: [['too_long']] });
  t.strictSame(check(numbers, { a: 'x', b: 1, c: 2 }), { errors: [['int_parsing', 'a']] });
});

t.test('validates properties by pattern', async (t) => {
  const schema = {
    type: 'object',
    patternProperties: { '^x-': { type: 'integer' } },
    additionalProperties: false,
  };
  t.strictSame(check(schema, { 'x-a': '1' }), { value: { 'x-a': 1 } });
  t.strictSame(check(schema, { 'x-a': 'b', y: 1 }), {
    errors: [
      ['int_parsing', 'x-a'],
      ['extra_forbidden', 'y'],
    ],
  });
});

t.test('limits the number of properties', async (t) => {
  const patch = { type: 'object', properties: { a: { type: 'integer' } }, minProperties: 1 };
  t.strictSame(check(patch, { a: '1' }), { value: { a: 1 } });
  t.strictSame(check(patch, {}), { errors: [['too_short']] });
});
