const UNPRINTABLE = /[\p{C}\p{Z}]/u;

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = '';
  for (const char of text) {
    if (char === quote || char === '\\') body += `\\${char}`;
    else if (ESCAPES[char] !== undefined) body += ESCAPES[char];
    else if (char !== ' ' && UNPRINTABLE.test(char)) {
      const code = char.codePointAt(0) ?? 0;
      const hex = code.toString(16);
      if (code < 0x100) body += `\\x${hex.padStart(2, '0')}`;
      else if (code < 0x10000) body += `\\u${hex.padStart(4, '0')}`;
      else body += `\\U${hex.padStart(8, '0')}`;
    } else body += char;
  }
  return quote + body + quote;
}

function reprNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) && magnitude < 1e21) return String(value);
  if (magnitude >= 1e16 || magnitude < 1e-4) {
    // Python writes exponents with at least two digits: 1e-07.
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

/** Returns Python's `repr()` of a JSON value, for the messages of enum and literal errors. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return reprText(value);
  if (typeof value === 'number') return reprNumber(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, item]) => `${reprText(key)}: ${pythonRepr(item)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  return String(value);
}

/** Returns Python's `str()`: strings unchanged, `repr()` for other values. */
export function pythonStr(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/**
 * Lists values as `'a'`, `'a' or 'b'`, `'a', 'b' or 'c'` (pydantic-core
 * `src/validators/literal.rs`).
 */
export function expectedOneOf(values: readonly unknown[]): string {
  const reprs = values.map(pythonRepr);
  const last = reprs.pop() ?? '';
  return reprs.length === 0 ? last : `${reprs.join(', ')} or ${last}`;
}
