import t from 'tap';
import { compileBody } from '#src/lib/validation/compile-body.js';
import {
  compileParameters,
  type ParameterOptions,
} from '#src/lib/validation/compile-parameters.js';
import type { JsonSchema } from '#src/lib/validation/schema.js';
import { brief } from './brief.js';

const query: JsonSchema = {
  type: 'object',
  properties: {
    q: { type: 'integer' },
    limit: { type: 'integer', default: 10, maximum: 100 },
    tags: { type: 'array', items: { type: 'integer' }, default: [] },
    ids: { anyOf: [{ type: 'array', items: { type: 'string' }, minItems: 2 }, { type: 'null' }] },
  },
  required: ['q'],
};

function run(schema: JsonSchema, options: ParameterOptions, raw: Record<string, unknown>) {
  return compileParameters(schema, options)(raw);
}

const QUERY: ParameterOptions = { place: 'query' };

t.test('converts values, applies defaults and drops undeclared parameters', async (t) => {
  t.strictSame(run(query, QUERY, { q: '1', tags: '2', ids: ['a', 'b'], other: 'x' }), {
    value: { q: 1, limit: 10, tags: [2], ids: ['a', 'b'] },
  });
});

t.test('uses the last of repeated values, and all of them for a list', async (t) => {
  t.strictSame(run(query, QUERY, { q: ['x', '2'], tags: ['1', '2'] }), {
    value: { q: 2, limit: 10, tags: [1, 2] },
  });
  t.strictSame(brief(run(query, QUERY, { q: ['1', 'x'], tags: ['1', 'x'] })), {
    errors: [
      ['int_parsing', 'query', 'q'],
      ['int_parsing', 'query', 'tags', 1],
    ],
  });
});

t.test('reports null as input of a missing parameter, and the texts of a short list', async (t) => {
  t.strictSame(run(query, QUERY, {}), {
    errors: [{ type: 'missing', loc: ['query', 'q'], msg: 'Field required', input: null }],
  });
  t.match(run(query, QUERY, { q: '1', ids: 'a' }), {
    errors: [{ type: 'too_short', loc: ['query', 'ids'], input: ['a'] }],
  });
  t.match(compileParameters(query, QUERY)(undefined), { errors: [{ type: 'missing' }] });
});

t.test('treats an empty value as text', async (t) => {
  t.match(run(query, QUERY, { q: '' }), { errors: [{ type: 'int_parsing', input: '' }] });
});

t.test('applies a default even if the parameter is required', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { limit: { type: 'integer', default: 10 } },
    required: ['limit'],
  };
  t.strictSame(run(schema, QUERY, {}), { value: { limit: 10 } });
});

t.test('does not inherit values from Object.prototype', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { constructor: { type: 'string' } },
    required: ['constructor'],
  };
  t.match(run(schema, QUERY, {}), { errors: [{ type: 'missing' }] });
  t.strictSame(run(schema, QUERY, Object.assign(Object.create(null), { constructor: 'a' })), {
    value: { constructor: 'a' },
  });
});

t.test('matches headers in lower case and reports their declared names', async (t) => {
  const headers: JsonSchema = {
    type: 'object',
    properties: {
      'X-Token': { type: 'integer' },
      'x-list': { type: 'array', items: { type: 'integer' } },
    },
    required: ['X-Token', 'x-list'],
  };
  const options: ParameterOptions = { place: 'header' };
  t.strictSame(brief(run(headers, options, {})), {
    errors: [
      ['missing', 'header', 'X-Token'],
      ['missing', 'header', 'x-list'],
    ],
  });
  t.strictSame(brief(run(headers, options, { 'x-token': ['1', 'x'], 'x-list': '1, 2' })), {
    errors: [['int_parsing', 'header', 'x-list', 0]],
  });
  t.strictSame(run(headers, options, { 'x-token': '1', 'x-list': ['1', '2'], accept: '*/*' }), {
    value: { 'x-token': 1, 'x-list': [1, 2], accept: '*/*', 'X-Token': 1 },
  });
});

t.test('validates a query model as one value, including extra parameters', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      limit: { type: 'integer', default: 10, exclusiveMinimum: 0 },
      tags: { type: 'array', items: { type: 'string' }, default: [] },
      need: { type: 'string' },
    },
    required: ['need'],
    additionalProperties: false,
  };
  const options: ParameterOptions = { place: 'query', model: true };
  t.strictSame(run(schema, options, {}), {
    errors: [{ type: 'missing', loc: ['query', 'need'], msg: 'Field required', input: {} }],
  });
  t.match(run(schema, options, { limit: '0', need: 'x', zz: ['1', '2'] }), {
    errors: [
      { type: 'greater_than', loc: ['query', 'limit'], input: '0' },
      { type: 'extra_forbidden', loc: ['query', 'zz'], input: ['1', '2'] },
    ],
  });
  t.strictSame(run(schema, options, { limit: ['1', '2'], tags: 'a', need: 'x' }), {
    value: { limit: 2, tags: ['a'], need: 'x' },
  });
});

t.test(
  'names the header in errors of a header model, and fields as in Python in the input',
  async (t) => {
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        'save-data': { type: 'boolean' },
        'x-tag': { type: 'array', items: { type: 'string' }, default: [] },
      },
      required: ['save-data'],
    };
    const options: ParameterOptions = { place: 'header', model: true };
    t.match(run(schema, options, { host: 'h', save_data: 'on', 'x-tag': 'a' }), {
      errors: [
        { type: 'missing', loc: ['header', 'save-data'], input: { host: 'h', x_tag: ['a'] } },
      ],
    });
    t.strictSame(run(schema, options, { host: 'h', 'save-data': 'on' }), {
      value: { host: 'h', 'save-data': true, 'x-tag': [] },
    });
  },
);

t.test('converts path values', async (t) => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { id: { type: 'integer', minimum: 1 } },
    required: ['id'],
  };
  t.strictSame(run(schema, { place: 'path' }, { id: '7' }), { value: { id: 7 } });
  t.strictSame(brief(run(schema, { place: 'path' }, { id: '0' })), {
    errors: [['greater_than_equal', 'path', 'id']],
  });
});

t.test('takes the last of repeated values without a type', async (t) => {
  const schema: JsonSchema = { type: 'object', properties: { any: {} } };
  const raw = Object.assign(Object.create(null), { any: ['1', '2'] });
  t.strictSame(run(schema, QUERY, raw), { value: { any: '2' } });
});

const FIELDS: Record<string, JsonSchema> = {
  any: {},
  text: { type: 'string' },
  filled: { type: 'string', minLength: 1, default: 'x' },
  integer: { type: 'integer', minimum: 0 },
  ratio: { type: 'number', maximum: 1000 },
  flag: { type: 'boolean' },
  nullable: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
  choice: { type: 'string', enum: ['1', 'true'] },
  date: { type: 'string', format: 'date-time' },
  texts: { type: 'array', items: { type: 'string' }, default: [] },
  integers: { type: 'array', items: { type: 'integer' }, maxItems: 2 },
  either: { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] },
};

const NO_FILE = { filename: '', size: 0 };
const TEXTS = [
  '',
  ' ',
  '0',
  '1',
  '-1',
  '-0',
  '007',
  ' 1',
  '1.5',
  '.5',
  '1e2',
  '1_0',
  'true',
  'off',
];
const VALUES = [
  undefined,
  ...TEXTS,
  'nan',
  '9'.repeat(15),
  '9'.repeat(16),
  '2024-01-31T10:00:00',
  '\ud800',
  ['1', '2'],
  ['', '1'],
  ['1', ''],
  ['1', '2', '3'],
  [],
];

t.test('answers the same on the quick path, which takes objects without a prototype', async (t) => {
  for (const [name, field] of Object.entries(FIELDS)) {
    for (const required of [[], [name]]) {
      const schema: JsonSchema = { type: 'object', properties: { [name]: field }, required };
      for (const place of ['path', 'query', 'cookie'] as const) {
        const validate = compileParameters(schema, { place });
        for (const value of VALUES) {
          const raw = value === undefined ? {} : { [name]: value };
          const quick = validate(Object.assign(Object.create(null), raw));
          t.strictSame(quick, validate(raw), `${place} ${name} ${JSON.stringify(value)}`);
        }
      }
      const validate = compileBody({ schema, mode: 'form' });
      for (const value of [...VALUES, NO_FILE, [NO_FILE], ['1', NO_FILE]]) {
        const raw = value === undefined ? {} : { [name]: value };
        const quick = validate({
          kind: 'form',
          fields: Object.assign(Object.create(null), raw),
        });
        const full = validate({ kind: 'form', fields: raw });
        t.strictSame(quick, full, `form ${name} ${JSON.stringify(value)}`);
      }
    }
  }
});
