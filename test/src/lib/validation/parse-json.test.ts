import t from 'tap';
import { MAX_DEPTH } from '#src/lib/validation/json-scanner.js';
import { parseJson } from '#src/lib/validation/parse-json.js';

/** Returns the message and position of the error, or the value. */
function outcome(text: string): unknown {
  const parsed = parseJson(text);
  if ('error' in parsed) return [parsed.error.ctx?.['error'], parsed.error.loc[1]];
  return parsed;
}

t.test('reports errors with the messages and positions of CPython 3.11', async (t) => {
  for (const [text, error, position] of [
    ['{"v":1,}', 'Expecting property name enclosed in double quotes', 7],
    ['{', 'Expecting property name enclosed in double quotes', 1],
    ['[1,2', "Expecting ',' delimiter", 4],
    ['[1,2,]', 'Expecting value', 5],
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
