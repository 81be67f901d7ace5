import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import type { JsonSchema } from '#src/lib/validation/schema.js';
import { check, onlyError } from './brief.js';

const INTEGER: JsonSchema = { type: 'integer' };
const NUMBER: JsonSchema = { type: 'number' };
const BOOLEAN: JsonSchema = { type: 'boolean' };

type Table = readonly (readonly [unknown, unknown])[];

function accepts(t: Test, schema: JsonSchema, table: Table): void {
  for (const [input, value] of table) {
    t.strictSame(check(schema, input), { value }, inspect(input));
  }
}

function refuses(t: Test, schema: JsonSchema, table: Table): void {
  for (const [input, type] of table) {
    t.strictSame(check(schema, input), { errors: [[type]] }, inspect(input));
  }
}

t.test('validates integers', async (t) => {
  accepts(t, INTEGER, [
    [1, 1],
    [1e3, 1000],
    [true, 1],
    [false, 0],
    ['1', 1],
    ['+1', 1],
    [' 1 ', 1],
    ['01', 1],
    ['1.00', 1],
    ['1_000', 1000],
    ['0__1', 1],
    ['00-70', -70],
    ['0_-7_0', -70],
    ['0-7.0', -7],
    ['\u00851\u2003', 1],
    [2n ** 53n + 1n, 2n ** 53n + 1n],
    [10n ** 30n, 10n ** 30n],
    ['9007199254740993', 2 ** 53],
    ['-0_1', -1],
    ['-0', 0],
    ['9223372036854775808', 2 ** 63],
    [9.2e18, 9.2e18],
  ]);
  refuses(t, INTEGER, [
    [1.5, 'int_from_float'],
    [1e20, 'int_parsing_size'],
    [2 ** 63, 'int_parsing_size'],
    [10n ** 400n, 'int_parsing_size'],
    [null, 'int_type'],
    [[], 'int_type'],
    [{}, 'int_type'],
    [Number.POSITIVE_INFINITY, 'finite_number'],
    ['1'.repeat(4301), 'int_parsing_size'],
    ['9'.repeat(400), 'int_parsing_size'],
  ]);
  for (const text of [
    '',
    '1.5',
    '1.',
    '.0',
    '1e3',
    '0x10',
    'abc',
    'true',
    '1__0',
    '_1',
    '0_',
    '1_.0',
    '+-1',
    '0-07',
    '-0-7',
    '0+7',
    '\ufeff1',
    '\u001c1',
    '１',
  ]) {
    t.strictSame(check(INTEGER, text), { errors: [['int_parsing']] }, text);
  }
});

t.test('limits the digits of an integer like Pydantic', async (t) => {
  const longest = '1'.repeat(4300);
  const long = `${longest}1`;
  // Pydantic accepts the longest, but JSON cannot represent it.
  for (const text of [longest, `-${longest}`, `+${longest}`, `0${longest}`, `${longest}.0`]) {
    t.strictSame(check(INTEGER, text), { errors: [['int_parsing_size']] });
  }
  for (const text of [long, `-${long}`, `${long} `, `${long}.0`, `${long}x`, `${long}_1`]) {
    t.strictSame(check(INTEGER, text), { errors: [['int_parsing_size']] });
  }
  for (const text of [`+${long}`, ` ${long}`, `0${long}`, `${longest}_1`, `${longest}x`]) {
    t.strictSame(check(INTEGER, text), { errors: [['int_parsing']] });
  }
  const zeros = '0'.repeat(5000);
  accepts(t, INTEGER, [
    [zeros, 0],
    [`${zeros}1`, 1],
    [`1.${zeros}`, 1],
    [`${'0_'.repeat(5000)}1`, 1],
  ]);
});

t.test('validates numbers', async (t) => {
  accepts(t, NUMBER, [
    [1, 1],
    [true, 1],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    [' +1.5 ', 1.5],
    ['1_0.5', 10.5],
  ]);
  accepts(t, NUMBER, [[2n ** 53n + 1n, 2 ** 53]]);
  refuses(t, NUMBER, [
    [10n ** 400n, 'float_type'],
    [' 1_0.5', 'float_parsing'],
    ['nan', 'finite_number'],
    ['-Infinity', 'finite_number'],
    [Number.NaN, 'finite_number'],
    [null, 'float_type'],
    [[1], 'float_type'],
  ]);
  for (const text of ['', '.', 'abc', '0x10', 'true', '1,5', '1__0', 'e5', '1e', '--1']) {
    t.strictSame(check(NUMBER, text), { errors: [['float_parsing']] }, text);
  }
});

t.test('validates booleans', async (t) => {
  for (const text of ['true', 'T', 'y', 'Yes', 'ON', '1']) {
    t.strictSame(check(BOOLEAN, text), { value: true }, text);
  }
  for (const text of ['false', 'F', 'n', 'No', 'oFF', '0']) {
    t.strictSame(check(BOOLEAN, text), { value: false }, text);
  }
  accepts(t, BOOLEAN, [
    [1, true],
    [0, false],
    [true, true],
  ]);
  refuses(t, BOOLEAN, [
    ['', 'bool_parsing'],
    [' true ', 'bool_parsing'],
    ['2', 'bool_parsing'],
    ['1.0', 'bool_parsing'],
    [2, 'bool_parsing'],
    [-1, 'bool_parsing'],
    [2n ** 53n + 1n, 'bool_parsing'],
    [-(2n ** 63n), 'bool_parsing'],
    [2n ** 63n, 'bool_type'],
    [9.2e18, 'bool_parsing'],
    [1e19, 'bool_type'],
    [1e300, 'bool_type'],
    [0.5, 'bool_type'],
    [null, 'bool_type'],
    [[], 'bool_type'],
  ]);
});

t.test('checks limits in order and reports each one', async (t) => {
  const schema: JsonSchema = {
    type: 'integer',
    multipleOf: 5,
    maximum: 20,
    exclusiveMaximum: 20,
    minimum: 0,
    exclusiveMinimum: 0,
  };
  t.strictSame(check(schema, 10), { value: 10 });
  t.match(onlyError(schema, 7), { type: 'multiple_of', ctx: { multiple_of: 5 } });
  t.match(onlyError(schema, 25), { type: 'less_than_equal', ctx: { le: 20 } });
  t.match(onlyError(schema, 20), { type: 'less_than', ctx: { lt: 20 } });
  t.match(onlyError(schema, -5), { type: 'greater_than_equal', ctx: { ge: 0 } });
  const big = 2n ** 60n;
  t.match(onlyError(schema, big), { type: 'multiple_of', input: big });
  t.match(onlyError(schema, big * 5n), { type: 'less_than_equal', input: big * 5n });
  t.match(onlyError(schema, String(big * 5n)), {
    type: 'less_than_equal',
    input: String(big * 5n),
  });
  t.match(onlyError({ type: 'number', maximum: 2 }, big), { type: 'less_than_equal', input: big });
  t.match(onlyError(schema, '0'), { type: 'greater_than', input: '0', ctx: { gt: 0 } });
});

t.test('accepts multiples within a tolerance', async (t) => {
  const schema: JsonSchema = { type: 'number', multipleOf: 0.1 };
  t.strictSame(check(schema, 0.3), { value: 0.3 });
  t.strictSame(check(schema, 0.35), { errors: [['multiple_of']] });
  t.strictSame(check(schema, 4e-16), { value: 4e-16 });
  t.strictSame(check(schema, '1e102'), { errors: [['multiple_of']] });
});
