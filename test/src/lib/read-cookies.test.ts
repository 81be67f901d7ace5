import t from 'tap';
import { readCookies } from '#src/lib/read-cookies.js';

t.test('reads cookies as Starlette does', async (t) => {
  for (const [header, cookies] of [
    ['', {}],
    ['a=1; b=2', { a: '1', b: '2' }],
    ['a=1;b=2;;', { a: '1', b: '2' }],
    ['a=1; a=2', { a: '2' }],
    [' a = 1 ; b', { a: '1', '': 'b' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=%20+', { a: '%20+' }],
    ['a="1 2"; b="', { a: '1 2', b: '"' }],
    ['a="\\"\\101\\9"', { a: '"A9' }],
    ['a=\u00a01\u0085', { a: '1' }],
    ['=', {}],
    ['__proto__=1', Object.defineProperty({}, '__proto__', { value: '1', enumerable: true })],
  ] as const) {
    t.strictSame({ ...readCookies(header) }, { ...cookies }, header);
  }
});
