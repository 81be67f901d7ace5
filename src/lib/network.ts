import { isIP, isIPv4 } from 'node:net';

/**
 * Returns the IP address in an entry of `X-Forwarded-For`, without port, brackets and zone; an
 * IPv4-mapped address as IPv4. Null if it is no address, such as `unknown`.
 */
export function addressIn(entry: string): string | null {
  const [, inBrackets] = /^\[([^\]]{1,64})\](?::\d{1,5})?$/.exec(entry) ?? [];
  const [, beforePort] = /^([\d.]{7,15}):\d{1,5}$/.exec(entry) ?? [];
  const [plain = ''] = (inBrackets ?? beforePort ?? entry).split('%', 1);
  const mapped = /^::ffff:([\d.]{7,15})$/i.exec(plain)?.[1];
  const address = mapped ?? plain;
  return isIP(address) === 0 ? null : address;
}

/**
 * Returns the network of one subscriber in canonical form: an IPv4 address, or the /64 network of
 * an IPv6 address, within which a host can choose addresses freely (RFC 4291, section 2.5.1; RFC
 * 8981). A string that is not an IP address is returned unchanged.
 */
export function networkOf(text: string): string {
  const address = addressIn(text);
  if (address === null) return text;
  if (isIPv4(address)) return address;
  // The URL parser returns the shortest form of an address, without an embedded IPv4 address.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => '0');
  return `${[...groups, ...zeros, ...rest].slice(0, 4).join(':')}::/64`;
}
