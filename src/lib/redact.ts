import { formPairs } from './form-pairs.js';

/** Replaces a secret value. */
export const REDACTED = '[redacted]';

const SECRET_NAME =
  /passw|passphrase|passwd|pwd|token|secret|credential|authorization|api[-_]?key|cookie|csrf|session/i;

/** {@link SECRET_NAME}, to be searched for in a text. */
const SECRET_IN_TEXT = new RegExp(SECRET_NAME, 'gi');

/** Maximum characters between the word and the end of the name, as in `password_of_the_user`. */
const MAX_NAME_REST = 64;

const NAME_REST = /[\w.-]*/y;
const SEPARATOR = /["']?\s{0,8}[:=]\s{0,8}/y;

/** A quoted value, or everything up to the next `&` or the end of the line. */
const VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\r\n&]+/sy;

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
  let shown = '';
  let from = 0;
  // Each name is read once, whatever number of secret words it contains.
  let nameEnd = 0;
  let valueBegin = -1;
  for (const { 0: word, index } of text.matchAll(SECRET_IN_TEXT)) {
    if (index < from) continue;
    const wordEnd = index + word.length;
    if (wordEnd > nameEnd) {
      nameEnd = endOf(NAME_REST, text, wordEnd);
      valueBegin = endOf(SEPARATOR, text, nameEnd);
    }
    if (valueBegin === -1 || nameEnd - wordEnd > MAX_NAME_REST) continue;
    const valueEnd = endOf(VALUE, text, valueBegin);
    if (valueEnd === -1) continue;
    shown += `${text.slice(from, valueBegin)}${REDACTED}`;
    from = valueEnd;
  }
  return shown + text.slice(from);
}

/** Returns the end of what a sticky expression matches at a position, or -1. */
function endOf(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : -1;
}

/** Redacts the values of secret names in a query string or urlencoded form. */
export function redactForm(text: string): string {
  const fields = [...formPairs(text)];
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
