import t from 'tap';
import { MAX_DEPTH } from '#src/lib/validation/json-scanner.js';
import { parseJson } from '#src/lib/validation/parse-json.js';

/** Returns the message and position of the error, or the value. */
function outcome(text: string): unknown {
  const parsed = parseJson(text);
  if ('error' in parsed) return [parsed.error.ctx?.['error'], parsed.error.loc[1]];
  return parsed;
}

t.test('reports errors with the messages and positions of CPython 3.13', async (t) => {
  for (const [text, error, position] of [
    ['{"v":1,}', 'Illegal trailing comma before end of object', 6],
    ['{"v":1 , \n}', 'Illegal trailing comma before end of object', 7],
    ['{"v":1,,}', 'Expecting property name enclosed in double quotes', 7],
    ['{,}', 'Expecting property name enclosed in double quotes', 1],
    ['{"v":1,]', 'Expecting property name enclosed in double quotes', 7],
    ['{', 'Expecting property name enclosed in double quotes', 1],
    ['[1,2', "Expecting ',' delimiter", 4],
    ['[1,2,]', 'Illegal trailing comma before end of array', 4],
    ['[{"v":1,}', 'Illegal trailing comma before end of object', 7],
    ['[,]', 'Expecting value', 1],
    ['[1,}', 'Expecting value', 3],
    ['[', 'Expecting value', 1],
    ['{"v" 1}', "Expecting ':' delimiter", 5],
    ['"abc', 'Unterminated string starting at', 0],
    ['"abc\\', 'Unterminated string starting at', 0],
    ['["a\u0000"]', 'Invalid control character at', 3],
    ['"\\x"', 'Invalid \\escape', 1],
    ['{"v":"\\u12"}', 'Invalid \\uXXXX escape', 7],
    ['"\\u1234', 'Invalid \\uXXXX escape', 2],
    ['01', 'Extra data', 1],
    ['1 2', 'Extra data', 2],
    ['{"v": 1e}', "Expecting ',' delimiter", 7],
    ['', 'Expecting value', 0],
    ['\n\n {"v": x}', 'Expecting value', 9],
    ['-', 'Expecting value', 0],
    ['[tru]', 'Expecting value', 1],
  ] as const) {
    t.strictSame(outcome(text), [error, position], JSON.stringify(text));
  }
});

t.test('returns the complete error item of FastAPI', async (t) => {
  t.strictSame(parseJson('{'), {
    error: {
      type: 'json_invalid',
      loc: ['body', 1],
      msg: 'JSON decode error',
      input: {},
      ctx: { error: 'Expecting property name enclosed in double quotes' },
    },
  });
});

t.test('counts positions in code points', async (t) => {
  t.strictSame(outcome('["😀é", x]'), ['Expecting value', 7]);
  t.strictSame(outcome('{"😀": 1 2}'), ["Expecting ',' delimiter", 8]);
});

t.test('skips a byte order mark without counting it', async (t) => {
  t.strictSame(outcome('\ufeff[1]'), { value: [1] });
  t.strictSame(outcome('\ufeff[x]'), ['Expecting value', 1]);
});

t.test('rejects NaN and infinities at their position', async (t) => {
  t.strictSame(outcome('{"v": NaN}'), ['Expecting value', 6]);
  t.strictSame(outcome('[1, -Infinity]'), ['Expecting value', 4]);
  t.strictSame(outcome('[NaN, Infinity]'), ['Expecting value', 1]);
  t.strictSame(outcome('[NaN'), ["Expecting ',' delimiter", 4], 'first error wins');
});

t.test('limits the depth without recursion', async (t) => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  t.match(parseJson(nested(MAX_DEPTH)), { value: [] });
  t.strictSame(parseJson(nested(MAX_DEPTH + 1)), { unreadable: true });
  t.strictSame(parseJson(nested(200_000)), { unreadable: true });
  t.strictSame(parseJson('{"a":'.repeat(200_000)), { unreadable: true });
  t.strictSame(outcome(`[x${'['.repeat(5000)}`), ['Expecting value', 1], 'the earlier error');
  t.strictSame(outcome(JSON.stringify(['['.repeat(5000)])), { value: ['['.repeat(5000)] });
  const quoted = JSON.stringify({ a: `${'\\"['.repeat(2000)}` });
  t.ok('value' in parseJson(quoted), 'ignores brackets in strings');
});

t.test('limits the digits of an integer like CPython', async (t) => {
  const longest = '1'.repeat(4300);
  const long = `${longest}1`;
  const unreadable = { unreadable: true };
  t.ok('value' in parseJson(longest));
  t.ok('value' in parseJson(`[-${longest}]`));
  for (const text of [long, `-${long}`, `{"a": [${long}]}`, `[${long}`, `[${long},]`]) {
    t.strictSame(parseJson(text), unreadable);
  }
  for (const text of [`${long}.0`, `0.${long}`, `${long}e1`, `"${long}"`, `"\\"${long}"`]) {
    t.ok('value' in parseJson(text), 'only integers are limited');
  }
  t.strictSame(outcome(`[x, ${long}]`), ['Expecting value', 1], 'the earlier error');
  t.strictSame(outcome(`0${long}`), ['Extra data', 1]);
});

t.test('keeps the digits of every integer', async (t) => {
  const big = '9007199254740993';
  t.strictSame(outcome(big), { value: BigInt(big), hasBigInts: true });
  t.strictSame(outcome(`{"a":[-${big},1],"${big}":"${big}"}`), {
    value: { a: [-BigInt(big), 1], [big]: big },
    hasBigInts: true,
  });
  t.strictSame(outcome(`{"__proto__":${big}}`), {
    value: JSON.parse('{"__proto__":0}', (key, value) => (key === '' ? value : BigInt(big))),
    hasBigInts: true,
  });
  t.strictSame(outcome('9007199254740991'), { value: 9007199254740991 });
  for (const float of [`${big}.0`, `${big}e0`, `-${big}E+2`, `0.${big}`, `1e1${big.slice(0, 1)}`]) {
    t.strictSame(outcome(float), { value: Number(float) });
  }
  t.strictSame(outcome(`"\\"${big}"`), { value: `"${big}` });
  const { value } = parseJson(`[${'9'.repeat(4300)}]`) as { value: [bigint] };
  t.equal(value[0], 10n ** 4300n - 1n);
});

t.test('treats __proto__ as an ordinary key', async (t) => {
  const parsed = parseJson('{"__proto__": {"polluted": true}}');
  const value = ('value' in parsed ? parsed.value : {}) as Record<string, unknown>;
  t.strictSame(Object.keys(value), ['__proto__']);
  t.equal(Object.getPrototypeOf(value), Object.prototype);
  t.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

t.test('uses the last of repeated keys', async (t) => {
  t.strictSame(parseJson('{"v": 1, "v": 2}'), { value: { v: 2 } });
});
