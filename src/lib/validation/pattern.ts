/** Characters that may be escaped in Rust, but not with JavaScript's `u` flag. */
const NEEDLESS_ESCAPE = /[!"#%&',:;<=>@_`~-]/;

const DIGIT = '\\p{Nd}';
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const SPACE = '\\p{White_Space}';
const EDGE = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
const NOT_EDGE = `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`;

const INSIDE: Readonly<Record<string, string>> = {
  d: DIGIT,
  D: '\\P{Nd}',
  w: WORD,
  s: SPACE,
  S: '\\P{White_Space}',
};

const OUTSIDE: Readonly<Record<string, string>> = {
  ...INSIDE,
  d: DIGIT,
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
  s: `[${SPACE}]`,
  b: EDGE,
  B: NOT_EDGE,
  A: '^',
  z: '$',
};

function escapeFor(char: string, inClass: boolean): string {
  const table = inClass ? INSIDE : OUTSIDE;
  const replacement = table[char];
  if (replacement !== undefined) return replacement;
  if (char === '-' && inClass) return '\\-';
  return NEEDLESS_ESCAPE.test(char) ? char : `\\${char}`;
}

function translate(source: string): string {
  let out = '';
  let inClass = false;
  for (let index = 0; index < source.length; index += 1) {
    const char = source.charAt(index);
    if (char === '\\' && index + 1 < source.length) {
      index += 1;
      out += escapeFor(source.charAt(index), inClass);
    } else if (inClass) {
      if (char === ']') inClass = false;
      out += char;
    } else if (char === '[') {
      inClass = true;
      out += char;
      if (source.charAt(index + 1) === '^') {
        index += 1;
        out += '^';
      }
    } else if (char === '.') out += '[^\\n]';
    else if (source.startsWith('(?P<', index)) {
      out += '(?<';
      index += 3;
    } else out += char;
  }
  return out;
}

/**
 * Compiles a `pattern` with the semantics of Rust's regex crate: unanchored, `$` matches only at
 * the very end, `\d \w \s \b` cover all of Unicode, `.` matches anything but a newline, and leading
 * flags such as `(?i)` are supported.
 *
 * @throws SyntaxError if the pattern is invalid in both dialects
 */
export function compilePattern(source: string): RegExp {
  const flagged = /^\(\?([ims]+)\)/.exec(source);
  const body = flagged ? source.slice(flagged[0].length) : source;
  const flags = `u${flagged?.[1] ?? ''}`;
  try {
    return new RegExp(translate(body), flags);
  } catch {
    return new RegExp(body, flags);
  }
}
