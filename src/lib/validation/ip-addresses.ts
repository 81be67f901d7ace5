import { isIPv4, isIPv6 } from 'node:net';
import { type Check, FAIL, fail, LAX, lower, type Node } from './node.js';

const MAX_IPV4 = 2 ** 32 - 1;

function ipv4Text(value: unknown): string | undefined {
  if (typeof value === 'string') return isIPv4(value) ? value : undefined;
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  if (number < 0 || number > MAX_IPV4) return undefined;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** Returns an IPv4 address as two groups of an IPv6 address. */
function groupsOfIpv4(text: string): [string, string] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}

/** Returns the form that RFC 5952 recommends, as Python's `ipaddress` does since 3.13. */
function compressIpv6(text: string): string {
  const [address = ''] = text.toLowerCase().split('%', 1);
  const [head = '', tail] = address.split('::', 2);
  const expand = (part: string): string[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => (group.includes('.') ? groupsOfIpv4(group) : [group]));
  const left = expand(head);
  const right = tail === undefined ? [] : expand(tail);
  const fill: string[] = new Array(8 - left.length - right.length).fill('0');
  const groups = [...left, ...fill, ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
  const [, , , , , mark, high = '0', low = '0'] = groups;
  if (mark === 'ffff' && groups.slice(0, 5).every((group) => group === '0')) {
    return withZone(`::ffff:${dotted(high, low)}`, text);
  }
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  const short =
    best.at === -1
      ? groups.join(':')
      : `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
  return withZone(short, text);
}

function withZone(address: string, text: string): string {
  const zone = text.indexOf('%');
  return zone === -1 ? address : address + text.slice(zone);
}

/** Returns two groups as an IPv4 address. */
function dotted(high: string, low: string): string {
  return [high, low]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [Math.floor(group / 256), group % 256])
    .join('.');
}

function ipv6Text(value: unknown): string | undefined {
  if (typeof value === 'string') {
    // Python takes any zone.
    const [address = '', zone, ...rest] = value.split('%');
    return isIPv6(address) && zone !== '' && rest.length === 0 ? compressIpv6(value) : undefined;
  }
  const number = typeof value === 'boolean' ? Number(value) : value;
  // A number that is not safe is a float, because such integers are bigints.
  if (typeof number !== 'bigint' && !Number.isSafeInteger(number)) return undefined;
  const whole = BigInt(number as bigint | number);
  if (whole < 0n) return undefined;
  const hex = whole.toString(16).padStart(32, '0');
  if (hex.length > 32) return undefined;
  return compressIpv6(hex.match(/.{4}/g)?.join(':') ?? '');
}

type IpError = 'ip_v4_address' | 'ip_v6_address' | 'ip_any_address';

function plainLabel(validator: string, address: string): string {
  return `lax-or-strict[lax=function-plain[${validator}()],strict=json-or-python[json=function-after[${address}(), str],python=is-instance[${address}]]]`;
}

/** Lengths of addresses in bytes. */
const LENGTHS: Record<IpError, readonly number[]> = {
  ip_v4_address: [4],
  ip_v6_address: [16],
  ip_any_address: [4, 16],
};

/** Returns the bytes of an address as an integer; null if they are none, as of most texts. */
function bytesOf(type: IpError, value: unknown): number | bigint | null {
  const bytes = Buffer.from(String(value));
  if (!LENGTHS[type].includes(bytes.length)) return null;
  return bytes.length === 4 ? bytes.readUInt32BE() : BigInt(`0x${bytes.toString('hex')}`);
}

function ipNode(type: IpError, label: string, read: (value: unknown) => string | undefined): Node {
  const check: Check = (value, state) => {
    const text = read(state.isBytes === true ? bytesOf(type, value) : value);
    if (text === undefined) {
      fail(state, type, value);
      return FAIL;
    }
    lower(state, LAX);
    return text;
  };
  return { check, label };
}

/** Compiles `format: ipv4`; a JSON integer is a numeric address. */
export function ipv4Node(): Node {
  return ipNode('ip_v4_address', plainLabel('ip_v4_address_validator', 'IPv4Address'), ipv4Text);
}

/** Compiles `format: ipv6` (RFC 4291, optionally with a zone after `%`). */
export function ipv6Node(): Node {
  return ipNode('ip_v6_address', plainLabel('ip_v6_address_validator', 'IPv6Address'), ipv6Text);
}

/** Compiles `format: ipvanyaddress`. */
export function ipAnyNode(): Node {
  return ipNode(
    'ip_any_address',
    'function-plain[validate()]',
    (value) => ipv4Text(value) ?? ipv6Text(value),
  );
}
