import t from 'tap';
import { asSent, type SentValues } from '#src/lib/sent-values.js';

t.test('quotes values as they came', async (t) => {
  const item = (input: unknown, ...loc: (string | number)[]) => ({
    type: 'value_error',
    loc,
    msg: '',
    input,
  });
  const sent: SentValues = {
    body: {
      value: { n: '7', big: 2n ** 60n, list: [{ a: '1' }], secret: 'x' },
      quote: (part) => ({ quoted: part }),
    },
    query: { value: Object.assign(Object.create(null), { page: '1' }), quote: (part) => part },
  };
  for (const [given, loc, shown] of [
    [7, ['body', 'n'], '7'],
    [2 ** 60, ['body', 'big'], 2n ** 60n],
    [1, ['body', 'list', 0, 'a'], '1'],
    [1, ['query', 'page'], '1'],
    ['[redacted]', ['body', 'secret'], '[redacted]'],
    [{ a: 1 }, ['body', 'list', 0], { quoted: { a: '1' } }],
    [null, ['body', 'missing'], null],
    [1, ['body', 'n', 'constructor'], 1],
    [1, ['header', 'x'], 1],
  ] as const) {
    t.same(asSent(item(given, ...loc), sent).input, shown, loc.join('.'));
  }
});
