import { type Check, fail, type Guard, LAX, lower, type Node } from './node.js';

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const GROUP_LENGTHS = [8, 4, 4, 4, 12];
/** Where each group starts in the hyphenated form. */
const GROUP_STARTS = [0, 9, 14, 19, 24];

/** The length of the hyphenated form, and of the longest form, `urn:uuid:…`, in bytes. */
const HYPHENATED_BYTES = 36;
const MAX_BYTES = 45;

const HEX = /[0-9a-f]/i;

/** Returns the inner part of `{…}` or `urn:uuid:…`; undefined for other forms. */
function unwrap(text: string): string | undefined {
  if (text.startsWith('{') && text.endsWith('}')) return text.slice(1, -1);
  return text.startsWith('urn:uuid:') ? text.slice(9) : undefined;
}

/**
 * Returns why a text is not a UUID, with the wording of Rust's uuid crate 1.23 (`src/error.rs`).
 * Positions and lengths are in bytes. Like the crate, looks only at the low byte of a character;
 * counts positions without the prefix if the length is right, and otherwise the prefix in the
 * length of the last group.
 */
function reasonFor(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) return `invalid length: found ${bytes}`;
  const inner = bytes === HYPHENATED_BYTES ? undefined : unwrap(text);
  const body = inner ?? text;
  const isFitting = Buffer.byteLength(body) === HYPHENATED_BYTES;
  const offset =
    inner === undefined || isFitting
      ? 0
      : text.length - inner.length - (text.endsWith('}') ? 1 : 0);
  const hyphens: number[] = [];
  let at = 0;
  for (const char of body) {
    const low = String.fromCharCode((char.codePointAt(0) ?? 0) & 0xff);
    if (low === '-') hyphens.push(at);
    else if (!HEX.test(low)) return `invalid character: found \`${char}\` at ${at + offset}`;
    at += Buffer.byteLength(char);
  }
  if (hyphens.length === 0 && inner === undefined && !isFitting) {
    return `invalid length: found ${bytes}`;
  }
  if (hyphens.length !== 4) {
    return `invalid group count: expected 5, found ${hyphens.length + 1}`;
  }
  const ends = [...hyphens, bytes];
  const isWrong = (end: number, group: number) => end + 1 !== GROUP_STARTS[group + 1];
  const wrong = ends.findIndex(isWrong);
  const found = (ends[wrong] ?? 0) - (GROUP_STARTS[wrong] ?? 0);
  return `invalid group length in group ${wrong}: expected ${GROUP_LENGTHS[wrong]}, found ${found}`;
}

/** Returns the hyphenated lower-case form (RFC 9562), or undefined if the text is not a UUID. */
export function canonicalUuid(text: string): string | undefined {
  if (CANONICAL.test(text)) return text;
  const body = unwrap(text) ?? text;
  if (HYPHENATED.test(body)) return body.toLowerCase();
  if (!/^[0-9a-f]{32}$/i.test(text)) return undefined;
  const hex = text.toLowerCase();
  return [0, 8, 12, 16, 20]
    .map((from, at) => hex.slice(from, from + (GROUP_LENGTHS[at] ?? 0)))
    .join('-');
}

/** Reads a text of 16 bytes as the bytes of a UUID. */
function uuidOfBytes(text: string): string | undefined {
  return Buffer.byteLength(text) === 16
    ? canonicalUuid(Buffer.from(text).toString('hex'))
    : undefined;
}

/** Returns the version digit, which is only defined in the RFC 9562 variant. */
function versionOf(canonical: string): number | undefined {
  return '89ab'.includes(canonical.charAt(19)) ? Number(canonical.charAt(14)) : undefined;
}

function versioned(version: number): RegExp {
  return new RegExp(
    `^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
  );
}

/** Compiles `format: uuid`, and `uuid1` to `uuid8`, which require that version. */
export function uuidNode(version?: number): Node {
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'uuid_type', value);
    const canonical =
      canonicalUuid(value) ?? (state.isBytes === true ? uuidOfBytes(value) : undefined);
    if (canonical === undefined) {
      const error =
        state.isBytes === true
          ? `invalid length: expected 16 bytes, found ${Buffer.byteLength(value)}`
          : reasonFor(value);
      return fail(state, 'uuid_parsing', value, { error });
    }
    if (version !== undefined && versionOf(canonical) !== version) {
      return fail(state, 'uuid_version', value, { expected_version: version });
    }
    lower(state, LAX);
    return canonical;
  };
  const guard: Guard = (value, bindings) => {
    const pattern = version === undefined ? CANONICAL : versioned(version);
    return `typeof ${value} !== 'string' || !${bindings.bind(pattern)}.test(${value})`;
  };
  return { check, label: 'uuid', guard };
}
