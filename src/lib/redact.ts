/** Replaces a secret value. */
export const REDACTED = '[redacted]';

const SECRET_WORDS =
  'passw|passphrase|passwd|pwd|token|secret|credential|authorization|api[-_]?key|cookie|csrf|session';

const SECRET_NAME = new RegExp(SECRET_WORDS, 'i');

/**
 * Matches `name: value` and `name=value`: a quoted value, or everything up to the next `&` or the
 * end of the line. The match starts at the keyword, because matching the whole name would take
 * quadratic time.
 */
const SECRET_IN_TEXT = new RegExp(
  `((?:${SECRET_WORDS})[\\w.-]{0,64}["']?\\s{0,8}[:=]\\s{0,8})` +
    `(?:"(?:[^"\\\\]|\\\\[^])*"?|'[^']*'?|[^\\r\\n&]+)`,
  'gi',
);

/**
 * Whether a field with this name is likely to contain a secret: a password, token, cookie or key.
 */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Returns a copy of the value with the values of secret names redacted at any depth. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      redactText(name),
      isSecretName(name) ? REDACTED : redact(inner),
    ]),
  );
}

/** Redacts the values after secret names in a text, as in `password: …` or `token=…`. */
export function redactText(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${REDACTED}`);
}

/** Redacts the values of secret names in a query string or urlencoded form. */
export function redactForm(text: string): string {
  const fields = [...new URLSearchParams(text)];
  if (!fields.some(([name]) => isSecretName(name))) return text;
  return fields
    .map(([name, value]) => {
      const shown = isSecretName(name) ? REDACTED : encodeURIComponent(value);
      return `${encodeURIComponent(redactText(name))}=${shown}`;
    })
    .join('&');
}

/** Redacts the values of secret names in JSON. Returns null unless it is a JSON object or array. */
export function redactJson(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    const shown = JSON.stringify(redact(value));
    return shown === JSON.stringify(value) ? text : shown;
  } catch {
    return null;
  }
}
