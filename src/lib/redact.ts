/** Stands in the place of a secret. */
export const REDACTED = '[redacted]';

const SECRET_WORDS =
  'passw|passphrase|passwd|pwd|token|secret|credential|authorization|api[-_]?key|cookie|csrf|session';

const SECRET_NAME = new RegExp(SECRET_WORDS, 'i');

/**
 * `name: value` and `name=value`: a quoted value, or all up to the next `&` or the end of the line.
 * It starts at the word and not before, or a long text would cost its square.
 */
const SECRET_IN_TEXT = new RegExp(
  `((?:${SECRET_WORDS})[\\w.-]{0,64}["']?\\s{0,8}[:=]\\s{0,8})` +
    `(?:"(?:[^"\\\\]|\\\\[^])*"?|'[^']*'?|[^\\r\\n&]+)`,
  'gi',
);

/** Whether what has this name is likely to be a secret: a password, a token, a cookie, a key. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The same value without what its secret names hold, at any depth. */
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

/** The same text without the values that stand behind secret names, as `password: …` or `token=…`. */
export function redactText(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${REDACTED}`);
}

/** The same query string, or urlencoded form, without the values of secret names. */
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

/** The same JSON without the values of secret names, or null if it is no JSON object or array. */
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
