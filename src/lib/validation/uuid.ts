import { type Check, fail, type Guard, LAX, lower, type Node } from './node.js';

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const GROUP_LENGTHS = [8, 4, 4, 4, 12];

/** Returns the inner part of `{…}` or `urn:uuid:…`; undefined for other forms. */
function unwrap(text: string): string | undefined {
  if (text.startsWith('{') && text.endsWith('}')) return text.slice(1, -1);
  return text.startsWith('urn:uuid:') ? text.slice(9) : undefined;
}

/** Returns why a text is not a UUID, with the wording of Rust's uuid crate (`src/error.rs`). */
function reasonFor(text: string): string {
  const wrapped = unwrap(text);
  const body = wrapped ?? text;
  let position = wrapped === undefined ? 1 : text.indexOf(wrapped) + 1;
  for (const char of body) {
    if (!/[0-9a-f-]/i.test(char)) return `invalid character: found \`${char}\` at ${position}`;
    position += Buffer.byteLength(char);
  }
  const groups = body.split('-');
  if (groups.length === 1 && wrapped === undefined) {
    return `invalid length: expected length 32 for simple format, found ${body.length}`;
  }
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`;
  const wrong = groups.findIndex((group, index) => group.length !== GROUP_LENGTHS[index]);
  return `invalid group length in group ${wrong}: expected ${GROUP_LENGTHS[wrong]}, found ${groups[wrong]?.length}`;
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
    const canonical = canonicalUuid(value);
    if (canonical === undefined) {
      return fail(state, 'uuid_parsing', value, { error: reasonFor(value) });
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
