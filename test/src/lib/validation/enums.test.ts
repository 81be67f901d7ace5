import t from 'tap';
import { check, onlyError } from './brief.js';

t.test('validates an anonymous enum like a Literal, without conversion', async (t) => {
  const schema = { type: 'integer', enum: [1, 2] };
  t.strictSame(check(schema, 1), { value: 1 });
  t.strictSame(check(schema, true), { value: 1 }, 'True equals 1 in Python');
  t.strictSame(check(schema, '1'), { errors: [['literal_error']] });
  t.match(onlyError(schema, 3), { msg: 'Input should be 1 or 2', ctx: { expected: '1 or 2' } });
  t.match(onlyError({ const: 'a' }, null), { type: 'literal_error', ctx: { expected: "'a'" } });
});

t.test('validates a union of constants as one Literal', async (t) => {
  const schema = { anyOf: [{ const: 'a' }, { const: 'b' }, { type: 'null' }] };
  t.strictSame(check(schema, 'b'), { value: 'b' });
  t.strictSame(check(schema, null), { value: null });
  t.match(onlyError(schema, 'c'), { type: 'literal_error', msg: "Input should be 'a' or 'b'" });
});

t.test('validates a named enum like an Enum class, with conversion of numbers', async (t) => {
  const definitions = {
    Num: { type: 'integer', enum: [1, 2] },
    Color: { type: 'string', enum: ['red', 'green', 'blue'] },
  };
  const num = { $ref: '#/components/schemas/Num' };
  t.strictSame(check(num, '1', { definitions }), { value: 1 });
  t.strictSame(check(num, '3', { definitions }), { errors: [['enum']] });
  t.strictSame(check({ $ref: 'Color#' }, 'RED', { definitions }), { errors: [['enum']] });
});

t.test('names an inline enum by its explicit title', async (t) => {
  const typeFor = (key: string, title?: string) => {
    const property = { type: 'string', enum: ['a'], ...(title !== undefined && { title }) };
    const schema = { type: 'object', properties: { [key]: property } };
    return onlyError(schema, { [key]: 'z' }).type;
  };
  t.equal(typeFor('model_name', 'ModelName'), 'enum');
  t.equal(typeFor('model_name', 'Model Name'), 'literal_error');
  t.equal(typeFor('v', 'V'), 'literal_error');
  t.equal(typeFor('v'), 'literal_error');
});

t.test('formats expected values as in Python', async (t) => {
  const expected = (values: unknown[]) => onlyError({ enum: values }, 'z').ctx?.['expected'];
  t.equal(expected(["it's", 'say "x"']), `"it's" or 'say "x"'`);
  t.equal(expected(['a', 1, true, 1.5]), "'a', 1, True or 1.5");
  t.equal(
    expected(['\n\t\\', '\u0000é\u200b', `both ' and "`]),
    `'\\n\\t\\\\', '\\x00é\\u200b' or 'both \\' and "'`,
  );
});

t.test('makes an enum nullable by a null value', async (t) => {
  const schema = { type: ['string', 'null'], enum: ['a', null] };
  t.strictSame(check(schema, null), { value: null });
  t.match(onlyError(schema, 'z'), { ctx: { expected: "'a'" } });
});

t.test('rejects an integer beyond 64 bits as too large', async (t) => {
  const named = { title: 'Level', type: 'integer', enum: [1, 2] };
  const big = 2n ** 63n;
  for (const schema of [{ enum: ['a', 1] }, { const: 1 }, named]) {
    t.strictSame(check(schema, big), { errors: [['int_parsing_size']] });
    t.notMatch(check(schema, big - 1n), { errors: [['int_parsing_size']] });
  }
  t.strictSame(check({ enum: ['a', true] }, big), { errors: [['literal_error']] });
  // The error has the converted value, as Pydantic's.
  t.strictSame(onlyError(named, String(big)).input, big);
  t.strictSame(check(named, '1.0'), { value: 1 });
});
