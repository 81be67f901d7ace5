/** Parts of which hostile texts are made: what parsers treat specially, and letters of all kinds. */
const PUMPS = [
  ...['a', ' ', '\t', '\n', '\r\n', '\0', '"', "'", '`', '\\', '/', ',', ';', '=', '-', '_', '.'],
  ...[':', '@', '<', '>', '&', '%', '#', '+', '*', '!', '{', '[', '(', '0', '1', '9', 'e', 'P'],
  ...['1_', '1.', '.1', '1,', '1:', '1e', '--', '//', 'a.', 'a-', 'a@', '@a.', 'a b ', ' a', 'a,'],
  ...[
    '\\"',
    '\\u',
    '\\u0041',
    '"a"',
    '"a",',
    '{"a":',
    '[1,',
    'W/"',
    '"a", ',
    '&#',
    '&amp;',
    '&a=1',
  ],
  ...[
    '%41',
    '%4',
    'a=b; ',
    ';q=0.1,',
    'a;q=0.1,',
    'en-US,',
    '*,',
    'xn--',
    '<!--',
    '<!---->',
    '<a ',
  ],
  ...[
    '<a href="x">',
    'http://',
    'Version/1 ',
    ' Safari/',
    'password=',
    'token: ',
    '- ',
    '](',
    '> ',
  ],
  ...[
    '\u0300',
    'e\u0301',
    'é',
    'ß',
    'İ',
    'ﷺ',
    '\u00ad',
    '\u2028',
    '中',
    '数据',
    '日 ',
    '😀',
    '\ud800',
  ],
];

/** The parts that formats of single values consist of. */
const FORMAT_PUMPS = [
  ...['a', '0', '1', '.', '-', '_', ':', '@', '/', '%', ' ', '"', '<', '\\', 'e', '中'],
  ...['1_', '1.', '1:', 'a.', 'a-', 'a@', '@a.', 'xn--', '1H'],
];

/** Starts after which parsers expect more. */
const STARTS = [
  ...['"', 'a@', 'a <', 'http://', 'http://[', 'http://a:', '2024-01-01T00:00:00.', '2024-01-01'],
  ...[
    'P',
    'P1.',
    '1:',
    '-',
    '+',
    '0',
    '0.',
    '1e',
    '.',
    '::',
    '::ffff:',
    '{',
    '[',
    'urn:uuid:',
    'v',
  ],
];

const ENDS = ['', 'x!'];

/** A hostile text of any length. */
export interface HostileText {
  name: string;
  textOf(length: number): string;
}

/** Returns texts that repeat a part, with an end that fits and one that does not. */
export function hostileTexts(): HostileText[] {
  return PUMPS.flatMap((pump) => textsOf('', pump));
}

/** Returns only those of {@link hostileTexts} whose end does not fit, which is the usual worst case. */
export function mismatchedTexts(): HostileText[] {
  return hostileTexts().filter((_, index) => index % ENDS.length > 0);
}

/** Returns texts that start like a value of some format, such as a number, time or URL. */
export function hostileValues(): HostileText[] {
  return STARTS.flatMap((start) => FORMAT_PUMPS.flatMap((pump) => textsOf(start, pump)));
}

/** Number of parts in a mixed text. Of four, each is long enough to show quadratic growth. */
const MIXED = 4;

/** Returns fewer texts with all parts, for work that is slow to repeat: each repeats several parts. */
export function mixedTexts(): HostileText[] {
  const count = Math.ceil(PUMPS.length / MIXED);
  return Array.from({ length: count }, (_, index) => {
    // Parts that stand together in the list look alike, and are spread over the texts.
    const pumps = PUMPS.filter((_, each) => each % count === index);
    return {
      name: pumps.map((pump) => JSON.stringify(`${pump} repeated`)).join(' + '),
      textOf(length) {
        return pumps.map((pump) => repeated(pump, Math.floor(length / pumps.length))).join('');
      },
    };
  });
}

function textsOf(start: string, pump: string): HostileText[] {
  return ENDS.map((end) => ({
    name: [start, `${pump} repeated`, end].map((part) => JSON.stringify(part)).join(' + '),
    textOf(length) {
      return start + repeated(pump, Math.max(0, length - start.length - end.length)) + end;
    },
  }));
}

/** Cuts no character in two: such a text would be refused, which takes less than any work on it. */
function repeated(pump: string, length: number): string {
  const text = pump.repeat(Math.ceil(length / pump.length)).slice(0, length);
  return pump.isWellFormed() ? text.toWellFormed() : text;
}
