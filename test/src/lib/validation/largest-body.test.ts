import t from 'tap';
import { largestBody } from '#src/lib/validation/largest-body.js';
import type { JsonSchema } from '#src/lib/validation/schema.js';

const KIB = 1024;

const sizeOf = (schema: JsonSchema, definitions = {}) => largestBody(schema, definitions);

t.test('computes a limit, with a margin, from the limits of the schema', async (t) => {
  const name = { type: 'string', maxLength: 100 };
  const user: JsonSchema = { type: 'object', properties: { name, age: { type: 'integer' } } };
  const escaped = JSON.stringify({ name: '\\ud83d\\ude00'.repeat(100), age: 30 });
  t.ok(sizeOf(user) > escaped.length);
  t.ok(sizeOf(user) < 262 * KIB);
  const users: JsonSchema = { type: 'array', maxItems: 1000, items: { $ref: 'User' } };
  t.ok(sizeOf(users, { User: user }) > 1000 * escaped.length);
  t.ok(sizeOf(users, { User: user }) < 2250 * KIB);
  const choice: JsonSchema = { anyOf: [{ type: 'null' }, { enum: ['a', 'b'] }, { const: 'c' }] };
  t.ok(sizeOf(choice) < 257 * KIB);
  t.ok(sizeOf({ type: ['string', 'null'], format: 'uuid' }) < 257 * KIB);
});

t.test('returns no limit for an unlimited schema', async (t) => {
  const endless: JsonSchema[] = [
    {},
    { type: 'string' },
    { type: 'array', items: { type: 'integer' } },
    { type: 'array', maxItems: 3 },
    { type: 'object', additionalProperties: { type: 'integer' } },
    { type: 'object', patternProperties: { '^x': { type: 'integer' } } },
    { type: 'object', properties: { text: { type: 'string' } } },
    { allOf: [{ type: 'integer' }] },
    { anyOf: [{ type: 'integer' }, { type: 'string' }] },
  ];
  for (const schema of endless) t.equal(sizeOf(schema), Number.POSITIVE_INFINITY);
  const tree = { type: 'object', properties: { next: { $ref: 'Tree' } } };
  t.equal(sizeOf(tree, { Tree: tree }), Number.POSITIVE_INFINITY, 'recursive schema');
});
