import t from 'tap';
import { compileSchema } from '#src/lib/validation/compile.js';
import { check, onlyError } from './brief.js';

const list = { type: 'array', items: { type: 'integer' } };

t.test('reports every invalid item', async (t) => {
  t.strictSame(check(list, [1, '2']), { value: [1, 2] });
  t.strictSame(check(list, ['a', 1, null]), {
    errors: [
      ['int_parsing', 0],
      ['int_type', 2],
    ],
  });
  for (const value of ['abc', {}, null, 1]) {
    t.strictSame(check(list, value), { errors: [['list_type']] });
  }
});

t.test('reports too many items without item errors, too few items with them', async (t) => {
  t.match(onlyError({ ...list, maxItems: 1 }, ['a', 'b']), {
    type: 'too_long',
    msg: 'List should have at most 1 item after validation, not 2',
  });
  t.strictSame(check({ ...list, minItems: 3 }, ['a']), { errors: [['int_parsing', 0]] });
  t.match(onlyError({ ...list, minItems: 2 }, [1]), {
    ctx: { field_type: 'List', min_length: 2, actual_length: 1 },
  });
});

t.test('rejects too many items without validating them', async (t) => {
  const items = new Proxy(new Array(1e6).fill(1), {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) throw new Error('looked');
      return Reflect.get(target, key);
    },
  });
  const result = compileSchema({ ...list, maxItems: 10 })(items);
  t.match(result, { errors: [{ type: 'too_long' }] });
});

t.test('removes duplicates before counting unique items', async (t) => {
  const set = { ...list, uniqueItems: true };
  t.strictSame(check(set, [1, '1', 2, 1]), { value: [1, 2] });
  t.strictSame(check({ ...set, maxItems: 2 }, [1, 1, 2]), { value: [1, 2] });
  t.match(onlyError({ ...set, maxItems: 1 }, [1, 2]), { ctx: { actual_length: null } });
  t.match(onlyError({ ...set, minItems: 2 }, [1, 1]), {
    msg: 'Set should have at least 2 items after validation, not 1',
  });
  t.strictSame(check(set, 'x'), { errors: [['set_type']] });
  const objects = { type: 'array', uniqueItems: true, items: {} };
  t.strictSame(check(objects, [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }]), {
    value: [{ a: 1, b: 2 }, { a: 1 }],
  });
});

t.test('validates tuples in both notations', async (t) => {
  const parts = [{ type: 'integer' }, { type: 'string' }];
  for (const schema of [
    { type: 'array', prefixItems: parts, minItems: 2, maxItems: 2 },
    { type: 'array', items: parts, additionalItems: false, minItems: 2, maxItems: 2 },
  ]) {
    t.strictSame(check(schema, ['1', 'a']), { value: [1, 'a'] });
    t.strictSame(check(schema, [1]), { errors: [['missing', 1]] });
    t.strictSame(check(schema, []), {
      errors: [
        ['missing', 0],
        ['missing', 1],
      ],
    });
    t.match(onlyError(schema, [1, 'a', 2]), {
      msg: 'Tuple should have at most 2 items after validation, not 3',
    });
    t.strictSame(check(schema, {}), { errors: [['tuple_type']] });
  }
});
