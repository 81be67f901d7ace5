import t from 'tap';
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
