import t from 'tap';
import { expectedOneOf, pythonRepr, pythonStr } from '#src/lib/validation/python-repr.js';

t.test('formats values as in Python', async (t) => {
  for (const [value, text] of [
    [null, 'None'],
    [true, 'True'],
    [false, 'False'],
    [1, '1'],
    [-1.5, '-1.5'],
    [-0, '-0.0'],
    [1e-7, '1e-07'],
    [1.5e-10, '1.5e-10'],
    [1.5e300, '1.5e+300'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    ["it's", `"it's"`],
    [`it's "x"`, `'it\\'s "x"'`],
    ['é\u0007\u2028\u{e0001}', "'é\\x07\\u2028\\U000e0001'"],
    [['a', { b: [null] }], "['a', {'b': [None]}]"],
  ] as const) {
    t.equal(pythonRepr(value), text);
  }
  t.equal(pythonStr('a'), 'a');
  t.equal(pythonStr(['a']), "['a']");
});

t.test('joins choices with commas and a final or', async (t) => {
  t.equal(expectedOneOf(['a']), "'a'");
  t.equal(expectedOneOf(['a', 'b']), "'a' or 'b'");
  t.equal(expectedOneOf(['a', 'b', 1]), "'a', 'b' or 1");
});
