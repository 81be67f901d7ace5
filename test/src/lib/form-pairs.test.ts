import t from 'tap';
import { formPairs } from '#src/lib/form-pairs.js';

t.test('reads what URLSearchParams reads', async (t) => {
  for (const text of [
    '',
    '&',
    'a',
    'a&b&&c',
    'a=1&a=2&b=',
    '=x&==&a=b=c',
    'a+b=c+d&%41=%C3%A9&%zz=%FF',
    '&?a=1',
    '#a=1&é=中',
  ]) {
    t.same([...formPairs(text)], [...new URLSearchParams(text)], text);
  }
  // URLSearchParams would drop the first question mark.
  t.same(
    [...formPairs('?a=1&?b=2')],
    [
      ['?a', '1'],
      ['?b', '2'],
    ],
  );
});
