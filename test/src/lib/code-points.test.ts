import t from 'tap';
import { codePointLength, codePointOffset, isAtLeast, isAtMost } from '#src/lib/code-points.js';

t.test('counts a surrogate pair, and a lone surrogate, as one code point', async (t) => {
  t.equal(codePointLength(''), 0);
  t.equal(codePointLength('aé日'), 3);
  t.equal(codePointLength('😀😀'), 2);
  t.equal(codePointLength('\ud83d'), 1);
  t.equal(codePointLength('\ude00\ud83d'), 2);
  t.equal(codePointOffset('a😀b', 3), 2);
});

t.test('compares lengths with limits consistently', async (t) => {
  for (const text of ['', 'a', 'ab', 'abc', '😀', '😀😀', '😀a😀', 'a\ud83d']) {
    const length = codePointLength(text);
    for (let limit = 0; limit < 6; limit += 1) {
      t.equal(isAtMost(text, limit), length <= limit, `${text} at most ${limit}`);
      t.equal(isAtLeast(text, limit), length >= limit, `${text} at least ${limit}`);
    }
  }
});
