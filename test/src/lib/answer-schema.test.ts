import t from 'tap';
import { answerSchema } from '#src/lib/answer-schema.js';

t.test('keeps the shape of a schema, and none of its limits', async (t) => {
  const schema = {
    $id: 'Thing',
    type: 'object',
    required: ['pattern'],
    properties: {
      pattern: { type: 'string', pattern: '^\\S+$', maxLength: 3 },
      format: { anyOf: [{ type: 'string', format: 'email' }, { type: 'null' }] },
      at: { type: 'string', format: 'date-time' },
      list: { type: 'array', maxItems: 2, items: { type: 'integer', minimum: 1 } },
      kind: { const: 'a', examples: [{ pattern: 'x' }] },
    },
    additionalProperties: false,
  };
  t.same(answerSchema(schema), {
    $id: 'Thing',
    type: 'object',
    required: ['pattern'],
    properties: {
      pattern: { type: 'string' },
      format: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      at: { type: 'string' },
      list: { type: 'array', items: { type: 'integer' } },
      kind: { const: 'a', examples: [{ pattern: 'x' }] },
    },
    additionalProperties: false,
  });
});
