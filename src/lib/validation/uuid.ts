import { type Check, fail, LAX, lower, type Node } from './node.js';

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const GROUP_LENGTHS = [8, 4, 4, 4, 12];

/** The bare form of `{…}` and `urn:uuid:…`, which the uuid crate accepts as well. */
function unwrap(text: string): string {
  if (text.startsWith('{') && text.endsWith('}')) return text.slice(1, -1);
  return text.startsWith('urn:uuid:') ? text.slice(9) : text;
}

/** Why a text is no UUID, worded as by the uuid crate (`src/error.rs`). */
function reasonFor(text: string): string {
  const prefix = text.startsWith('urn:uuid:') ? 9 : text.startsWith('{') ? 1 : 0;
  const body = unwrap(text);
  let position = 0;
  for (const char of body) {
    if (!/[0-9a-f-]/i.test(char)) {
      return `invalid character: found \`${char}\` at ${prefix + position + 1}`;
    }
    position += Buffer.byteLength(char);
  }
  const groups = body.split('-');
  if (groups.length === 1) {
    return `invalid length: expected length 32 for simple format, found ${Buffer.byteLength(text)}`;
  }
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`;
  const wrong = groups.findIndex((group, index) => group.length !== GROUP_LENGTHS[index]);
  return `invalid group length in group ${wrong}: expected ${GROUP_LENGTHS[wrong]}, found ${groups[wrong]?.length}`;
}

/** The hyphenated lower-case form (RFC 9562), or undefined when the text is no UUID. */
export function canonicalUuid(text: string): string | undefined {
  if (CANONICAL.test(text)) return text;
  const body = unwrap(text);
  if (HYPHENATED.test(body)) return body.toLowerCase();
  if (!/^[0-9a-f]{32}$/i.test(body) || text.startsWith('{')) return undefined;
  const hex = body.toLowerCase();
  return [0, 8, 12, 16, 20]
    .map((from, at) => hex.slice(from, from + (GROUP_LENGTHS[at] ?? 0)))
    .join('-');
}

/** Compiles `format: uuid`, and `uuid1` to `uuid8` which demand a version. */
export function uuidNode(version?: number): Node {
  const check: Check = (value, state) => {
    if (typeof value !== 'string') return fail(state, 'uuid_type', value);
    const canonical = canonicalUuid(value);
    if (canonical === undefined) {
      return fail(state, 'uuid_parsing', value, { error: reasonFor(value) });
    }
    if (version !== undefined && canonical.charAt(14) !== String(version)) {
      return fail(state, 'uuid_version', value, { expected_version: version });
    }
    lower(state, LAX);
    return canonical;
  };
  return { check, label: 'uuid' };
}
