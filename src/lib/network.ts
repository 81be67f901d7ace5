import { isIP, isIPv4 } from 'node:net';

/** The groups of 64:ff9b::/96, which contains every IPv4 address (NAT64, RFC 6052). */
const NAT64 = '64:ff9b:0:0:0:0';

/**
 * Returns the IP address in an entry of `X-Forwarded-For`, without port, brackets and zone; an
 * IPv4-mapped address, in any spelling, as IPv4. Null if it is no address, such as `unknown`.
 */
export function addressIn(entry: string): string | null {
  if (isIPv4(entry)) return entry;
  const [, inBrackets] = /^\[([^\]]{1,64})\](?::\d{1,5})?$/.exec(entry) ?? [];
  const [, beforePort] = /^([\d.]{7,15}):\d{1,5}$/.exec(entry) ?? [];
  const [address = ''] = (inBrackets ?? beforePort ?? entry).split('%', 1);
  if (isIP(address) === 0) return null;
  if (isIPv4(address)) return address;
  const groups = groupsOf(address);
  return isMapped(groups) ? lastIPv4(groups) : address;
}

/**
 * Returns the network of one subscriber in canonical form: an IPv4 address, or the /64 network of
 * an IPv6 address, within which a host can choose addresses freely (RFC 4291, section 2.5.1; RFC
 * 8981). An IPv6 address that stands for an IPv4 address (mapped, compatible, or of NAT64) is that
 * address. A string that is not an IP address is returned unchanged.
 */
export function networkOf(text: string): string {
  return prefixOf(text, 64);
}

/**
 * Returns the /48 network of an IPv6 address in canonical form, the largest that a provider assigns
 * to one site (RFC 6177). For all other strings, the result is that of {@link networkOf}.
 */
export function siteOf(text: string): string {
  return prefixOf(text, 48);
}

function prefixOf(text: string, bits: 48 | 64): string {
  const address = addressIn(text);
  if (address === null) return text;
  if (isIPv4(address)) return address;
  const groups = groupsOf(address);
  if (isMapped(groups) || isCompatible(groups) || groups.slice(0, 6).join(':') === NAT64) {
    return lastIPv4(groups);
  }
  return `${groups.slice(0, bits / 16).join(':')}::/${bits}`;
}

/** Returns the eight groups of an IPv6 address as hexadecimal numbers without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser returns the shortest form of an address, without an embedded IPv4 address.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => '0');
  return [...groups, ...zeros, ...rest];
}

/** Whether this is ::ffff:0:0/96 (RFC 4291, section 2.5.5.2). */
function isMapped(groups: string[]): boolean {
  return groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
}

/** Whether this is ::/96 (RFC 4291, section 2.5.5.1), apart from addresses such as `::1`. */
function isCompatible(groups: string[]): boolean {
  return groups.slice(0, 6).every((group) => group === '0') && groups[6] !== '0';
}

function lastIPv4(groups: string[]): string {
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
