import { isIPv4, isIPv6 } from 'node:net';

/**
 * Returns the network of one subscriber in canonical form: an IPv4 address, or the /64 network of
 * an IPv6 address, within which a host can choose addresses freely (RFC 4291, section 2.5.1; RFC
 * 8981). A string that is not an IP address is returned unchanged.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '');
  const mapped = /^::ffff:([\d.]+)$/i.exec(plain)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(plain)) return address;
  // The URL parser returns the shortest form of an address, without an embedded IPv4 address.
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => '0');
  return `${[...groups, ...zeros, ...rest].slice(0, 4).join(':')}::/64`;
}
