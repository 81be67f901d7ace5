import t from 'tap';
import { REDACTED } from '#src/lib/redact.js';
import {
  type BodyMode,
  compileBody,
  compileParameters,
  compileSchema,
  type ErrorItem,
  type ParsedBody,
  type Validated,
} from '#src/lib/validation/index.js';
import type { Definitions, JsonSchema } from '#src/lib/validation/schema.js';

const PASSWORD: JsonSchema = { type: 'string', minLength: 12, format: 'password' };
const NAME: JsonSchema = { type: 'string', minLength: 3 };

const LOGIN: JsonSchema = {
  type: 'object',
  title: 'Login',
  properties: { name: NAME, password: PASSWORD, remember: { type: 'boolean' } },
  required: ['name', 'password'],
};

const errorsOf = (result: Validated): ErrorItem[] => ('errors' in result ? result.errors : []);

/** Returns the `input` of each error of a JSON value. */
function inputsOf(schema: JsonSchema, value: unknown, definitions: Definitions = {}): unknown[] {
  return errorsOf(compileSchema(schema, { definitions })(value)).map(({ input }) => input);
}

const bodyInputs = (schema: JsonSchema, mode: BodyMode, body: ParsedBody): unknown[] =>
  errorsOf(compileBody({ schema, mode })(body)).map(({ input }) => input);

t.test('hides a password in its own errors, whatever its type', async (t) => {
  for (const password of ['short', '', 7, true, null, ['short'], { short: 'short' }]) {
    t.strictSame(inputsOf(LOGIN, { name: 'ada', password }), [REDACTED], JSON.stringify(password));
  }
});

t.test('hides passwords beside the error, and shows the rest', async (t) => {
  t.strictSame(inputsOf(LOGIN, { password: 'secret', remember: true }), [
    { password: REDACTED, remember: true },
    REDACTED,
  ]);
  t.strictSame(inputsOf(LOGIN, { name: 'al', password: 'a long secret' }), ['al']);
  t.strictSame(inputsOf(LOGIN, { name: null, password: 'a long secret' }), [null]);
});

t.test('hides unexpected parts, and keeps their structure', async (t) => {
  const value = {
    name: 'ada',
    Password: 'secret',
    passwrod: { old: 'secret', others: ['secret', 7, null, true, ''] },
  };
  t.strictSame(inputsOf(LOGIN, value), [
    {
      name: 'ada',
      Password: REDACTED,
      passwrod: { old: REDACTED, others: [REDACTED, REDACTED, null, true, ''] },
    },
  ]);
  t.strictSame(inputsOf(LOGIN, { name: { password: 'secret' }, password: 'a long secret' }), [
    { password: REDACTED },
  ]);
  t.strictSame(inputsOf(LOGIN, [{ password: 'secret' }, 'secret']), [
    [{ password: REDACTED }, REDACTED],
  ]);
  t.strictSame(inputsOf(LOGIN, 'secret'), [REDACTED]);
  t.strictSame(inputsOf(LOGIN, 12_345_678), [REDACTED]);
});

t.test('hides names that may be secrets', async (t) => {
  const [input] = inputsOf(LOGIN, { name: 'ada', 'hunter2!': 1, '{"password":"secret"}': '' });
  t.strictSame(input, { name: 'ada', [REDACTED]: '' });
  const strict = { ...LOGIN, additionalProperties: false };
  const value = { name: 'ada', password: 'a long secret', 'hunter2!': 1, passwrod: 'secret' };
  t.strictSame(
    errorsOf(compileSchema(strict)(value)).map(({ loc, input }) => [loc, input]),
    [
      [[REDACTED], REDACTED],
      [['passwrod'], REDACTED],
    ],
  );
});

t.test('hides passwords of every branch of a union', async (t) => {
  const byPassword: JsonSchema = {
    type: 'object',
    title: 'ByPassword',
    properties: { proof: PASSWORD, code: { type: 'integer' } },
    required: ['proof', 'code'],
  };
  const byCode: JsonSchema = {
    type: 'object',
    title: 'ByCode',
    properties: { proof: { type: 'string' }, hint: NAME, number: { type: 'integer' } },
    required: ['hint', 'number'],
  };
  const union = { anyOf: [byPassword, byCode] };
  const shown = { proof: REDACTED, hint: 'ab' };
  t.strictSame(inputsOf(union, { proof: 'secret', hint: 'ab' }), [REDACTED, shown, 'ab', shown]);
  t.strictSame(inputsOf(union, 'secret'), [REDACTED, REDACTED]);
  const either = { anyOf: [PASSWORD, { type: 'integer' }, { type: 'string', format: 'uuid' }] };
  const errors = errorsOf(compileSchema(either)('secret'));
  t.strictSame(
    errors.map(({ input }) => input),
    [REDACTED, REDACTED, REDACTED],
  );
  t.notMatch(JSON.stringify(errors), /found/, 'no character of it');
});

t.test('hides passwords in the tag of a discriminated union', async (t) => {
  const member = (kind: string): JsonSchema => ({
    type: 'object',
    title: kind,
    properties: { kind: { const: kind, type: 'string' }, password: PASSWORD },
    required: ['kind', 'password'],
  });
  const union: JsonSchema = {
    oneOf: [member('a'), member('b')],
    discriminator: { propertyName: 'kind' },
  };
  const [nested] = errorsOf(compileSchema(union)({ kind: { password: 'secret' } }));
  t.notMatch(JSON.stringify(nested), /secret/);
  t.match(nested, { ctx: { tag: `{'password': '${REDACTED}'}` } });
  const [plain] = errorsOf(compileSchema(union)({ kind: 'c', password: 'secret' }));
  t.match(plain, { ctx: { tag: 'c' }, input: { kind: 'c', password: REDACTED } });
  t.match(plain?.msg, "Input tag 'c' found using 'kind'");
});

t.test('follows references, lists, maps and recursion', async (t) => {
  const definitions: Definitions = {
    Password: PASSWORD,
    Tree: {
      type: 'object',
      title: 'Tree',
      properties: {
        name: NAME,
        keys: { type: 'array', items: { $ref: '#/$defs/Password' } },
        vault: { type: 'object', additionalProperties: { $ref: '#/$defs/Password' } },
        below: { type: 'array', items: { $ref: '#/$defs/Tree' } },
      },
      required: ['name'],
    },
  };
  const value = {
    keys: ['secret'],
    vault: { home: 'secret' },
    below: [{ keys: ['secret', 1], vault: { 'a b': 'secret' } }],
  };
  const below = { keys: [REDACTED, REDACTED], vault: { 'a b': REDACTED } };
  const inputs = inputsOf({ $ref: '#/$defs/Tree' }, value, definitions);
  t.strictSame(inputs[0], { keys: [REDACTED], vault: { home: REDACTED }, below: [below] });
  t.notMatch(JSON.stringify(inputs), /secret/);
});

t.test('hides values that are only written', async (t) => {
  const token: JsonSchema = { type: 'string', maxLength: 3, writeOnly: true };
  const schema: JsonSchema = { type: 'object', properties: { token }, required: ['token'] };
  t.strictSame(inputsOf(schema, { token: 'secret' }), [REDACTED]);
  t.strictSame(inputsOf(schema, { Token: 'secret' }), [{ Token: REDACTED }]);
});

t.test('hides bodies that are no JSON, and fields of forms', async (t) => {
  const raw = { kind: 'raw', text: 'name=ada&password=secret' } as const;
  t.strictSame(bodyInputs(LOGIN, 'model', raw), [REDACTED]);
  const file = { filename: 'secret', content_type: 'text/plain', content: Buffer.from('secret') };
  const form = (fields: Record<string, unknown>): ParsedBody => ({ kind: 'form', fields });
  t.strictSame(bodyInputs(LOGIN, 'form', form({ name: 'ada', password: file })), [REDACTED]);
  t.strictSame(bodyInputs(LOGIN, 'form', form({ name: file, password: 'a long secret' })), [
    { filename: REDACTED, content_type: REDACTED, content: REDACTED },
  ]);
  t.strictSame(bodyInputs(LOGIN, 'form', form({ name: 'ada', password: ['1', '2'] })), [REDACTED]);
  t.strictSame(bodyInputs(LOGIN, 'form-model', form({ name: 'ada', passwrod: ['1', '2'] })), [
    { name: 'ada', passwrod: [REDACTED, REDACTED] },
  ]);
  t.strictSame(bodyInputs(LOGIN, 'embed', { kind: 'json', value: { name: ['secret'] } }), [
    [REDACTED],
    null,
  ]);
});

t.test('hides passwords in parameters', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { 'X-Secret': PASSWORD, page: { type: 'integer' } },
    required: ['X-Secret'],
  };
  const single = compileParameters(schema, { place: 'header' });
  t.strictSame(
    errorsOf(single({ 'x-secret': 'secret', page: 'x' })).map(({ input }) => input),
    [REDACTED, 'x'],
  );
  const model = compileParameters(schema, { place: 'header', model: true });
  t.strictSame(
    errorsOf(model({ authorization: 'Bearer secret', page: '1' })).map(({ input }) => input),
    [{ page: '1', authorization: REDACTED }],
  );
});

t.test('leaves the errors of schemas without secrets as they are', async (t) => {
  const schema: JsonSchema = { type: 'object', properties: { name: NAME }, required: ['name'] };
  const value = { password: 'secret', 'a b': [1] };
  const [input] = inputsOf(schema, value);
  t.equal(input, value, 'the same object');
  const named: JsonSchema = {
    type: 'object',
    properties: { name: NAME, format: { type: 'string', default: 'password' } },
    required: ['name'],
  };
  t.equal(inputsOf(named, value)[0], value);
});
