import t from 'tap';
import { compileSchema, type JsonSchema } from '#src/lib/validation/index.js';
import { compilePattern } from '#src/lib/validation/pattern.js';
import { check, onlyError } from './brief.js';

t.test('neither converts nor trims strings', async (t) => {
  t.strictSame(check({ type: 'string' }, ' a '), { value: ' a ' });
  for (const value of [1, true, null, [], {}]) {
    t.strictSame(check({ type: 'string' }, value), { errors: [['string_type']] });
  }
});

t.test('counts code points', async (t) => {
  t.strictSame(check({ type: 'string', minLength: 3 }, '😀😀'), { errors: [['string_too_short']] });
  t.strictSame(check({ type: 'string', maxLength: 2 }, '😀😀'), { value: '😀😀' });
  t.strictSame(check({ type: 'string', maxLength: 1 }, '😀😀'), { errors: [['string_too_long']] });
});

t.test('checks the length before the pattern', async (t) => {
  const schema = { type: 'string', minLength: 3, maxLength: 5, pattern: '^a+$' };
  t.match(onlyError(schema, 'b'), { type: 'string_too_short' });
  t.match(onlyError(schema, 'bbbbbb'), { type: 'string_too_long' });
  t.match(onlyError(schema, 'bbb'), {
    type: 'string_pattern_mismatch',
    msg: "String should match pattern '^a+$'",
    ctx: { pattern: '^a+$' },
  });
});

t.test('interprets patterns like the regex crate', async (t) => {
  for (const [pattern, yes, no] of [
    ['bc', 'abcd', 'acb'],
    ['^a$', 'a', 'a\n'],
    ['^\\w+$', 'é日_1', 'a b'],
    ['^\\d+$', '12٣', '1a'],
    ['^[\\w.\\-]+$', 'a.b-é', 'a b'],
    ['^a.c$', 'a😀c', 'a\nc'],
    ['\\bfoo\\b', 'a foo', 'éfoo'],
    ['(?i)^abc$', 'ABC', 'abd'],
    ['^(?P<x>a)\\_\\@$', 'a_@', 'a'],
    ['\\Aab\\z', 'ab', 'abc'],
    ['^\\S+\\s\\S+$', 'a\u00a0b', 'ab'],
  ] as const) {
    t.ok(compilePattern(pattern).test(yes), `${pattern} matches ${yes}`);
    t.notOk(compilePattern(pattern).test(no), `${pattern} does not match ${no}`);
  }
  t.throws(() => compilePattern('('), SyntaxError);
});

t.test('refuses a surrogate without its other half, whatever the schema', async (t) => {
  const lone = 'a\ud800';
  const msg = 'Input should be a valid string, unable to parse raw data as a unicode string';
  const schemas: JsonSchema[] = [
    { type: 'string' },
    { type: 'string', maxLength: 1 },
    { type: 'string', minLength: 3, pattern: '^a' },
    ...[
      'uuid',
      'date-time',
      'date',
      'time',
      'duration',
      'email',
      'uri',
      'ipv4',
      'ipv6',
      'binary',
    ].map((format) => ({ type: 'string', format })),
    { type: 'integer' },
    { type: 'number', minimum: 1 },
    { type: 'boolean' },
    { const: 'a' },
    { type: 'string', enum: ['a', 'b'] },
    { $id: 'Named', type: 'string', enum: ['a', 'b'] },
    {},
  ];
  for (const schema of schemas) {
    t.strictSame(
      compileSchema(schema, { place: 'body' })(lone),
      { errors: [{ type: 'string_unicode', loc: ['body'], msg, input: lone }] },
      JSON.stringify(schema),
    );
    t.match(compileSchema({ type: ['array'], items: schema })([lone]), {
      errors: [{ type: 'string_unicode', loc: [0], input: lone }],
    });
    const model: JsonSchema = { type: 'object', properties: { a: schema }, required: ['a'] };
    t.match(compileSchema(model)({ a: lone }), {
      errors: [{ type: 'string_unicode', loc: ['a'], input: lone }],
    });
  }
  const check = compileSchema({ type: 'string', maxLength: 4 });
  t.strictSame(check('😀'), { value: '😀' }, 'a pair is one character');
  t.match(check('\ude00\ud83d'), { errors: [{ type: 'string_unicode' }] });
  t.match(check('toolong\udc00'), { errors: [{ type: 'string_unicode' }] });
});

t.test('refuses such surrogates in names that are kept', async (t) => {
  const lone = 'b\udc00';
  const shown = 'b\ufffd\ufffd\ufffd';
  const errorsOf = (schema: JsonSchema, value: unknown) => {
    const result = compileSchema(schema)(value);
    return 'errors' in result
      ? result.errors.map(({ type, loc, input }) => [type, loc, input])
      : [];
  };
  const key = ['string_unicode', [shown, '[key]'], lone];
  const dict: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };
  t.strictSame(errorsOf(dict, { [lone]: 'a' }), [key]);
  t.strictSame(errorsOf(dict, { [lone]: 1 }), [key, ['string_type', [shown], 1]]);
  t.strictSame(errorsOf({}, { a: [{ [lone]: lone }] }), [
    ['string_unicode', ['a', 0, shown, '[key]'], lone],
    ['string_unicode', ['a', 0, shown], lone],
  ]);
  const model: JsonSchema = { type: 'object', properties: { a: { type: 'string' } } };
  t.strictSame(errorsOf(model, { [lone]: 1 }), [], 'undeclared properties are dropped');
  const closed = { ...model, additionalProperties: false };
  t.strictSame(errorsOf(closed, { [lone]: 1 }), [['string_unicode', [], lone]]);
  t.strictSame(errorsOf(closed, { b: lone }), [['extra_forbidden', ['b'], lone]]);
});
