/** Whitespace of Python's `str.strip` that a header can contain. */
const SPACES = '\t \u0085\u00a0';

const ESCAPE = /\\(?:([0-3][0-7]{2})|(.))/g;

/**
 * Returns the cookies of a `Cookie` header as Starlette reads them: the last of a name counts, a
 * quoted value is unquoted as by Python's `http.cookies`, and percent-encoding is not decoded.
 */
export function readCookies(header: string): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null);
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    const name = strip(pair.slice(0, Math.max(equals, 0)));
    const value = strip(pair.slice(equals + 1));
    if (name !== '' || value !== '') cookies[name] = unquote(value);
  }
  return cookies;
}

function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACES.includes(text.charAt(start))) start += 1;
  while (end > start && SPACES.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value
    .slice(1, -1)
    .replace(ESCAPE, (_all, octal: string | undefined, char: string) =>
      octal === undefined ? char : String.fromCharCode(Number.parseInt(octal, 8)),
    );
}
