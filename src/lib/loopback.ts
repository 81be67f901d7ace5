import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether this is an IP address of the loopback interface: 127.0.0.0/8, `::1`, or an IPv4 one
 * mapped to IPv6. False for anything else, names included.
 */
export function isLoopbackAddress(address: string): boolean {
  const [plain = ''] = address.split('%', 1);
  const family = isIP(plain);
  return family !== 0 && LOOPBACK.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a host name or IP address, without a port, is certain to mean this machine. */
export function isLoopbackName(name: string): boolean {
  return name.toLowerCase() === 'localhost' || isLoopbackAddress(name);
}

/** Whether a `Host` header, with or without a port, names this machine. */
export function isLoopbackHost(host: string): boolean {
  const match = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(host);
  return match !== null && isLoopbackName(match[1] ?? match[2] ?? '');
}

/**
 * Whether a request was made on this machine, for this machine: its peer is a loopback address, its
 * `Host` names this machine, and so does every address and host that a proxy has added.
 *
 * The host is compared because a page of any site can have its name resolved to 127.0.0.1. The
 * headers of proxies can only turn the answer to false, so nobody gains by forging them.
 */
export function isLocalRequest(
  peer: string | undefined,
  { host, ...headers }: IncomingHttpHeaders,
): boolean {
  return (
    peer !== undefined &&
    isLoopbackAddress(peer) &&
    host !== undefined &&
    isLoopbackHost(host) &&
    listOf(headers['x-forwarded-for']).every(isLoopbackNode) &&
    listOf(headers['x-real-ip']).every(isLoopbackNode) &&
    listOf(headers['x-forwarded-host']).every(isLoopbackHost) &&
    listOf(headers['forwarded']).every(isLoopbackElement)
  );
}

/** Whether a node of a forwarding header, an address with or without a port, is this machine. */
function isLoopbackNode(node: string): boolean {
  return isLoopbackAddress(node) || isLoopbackHost(node);
}

/** Whether an element of `Forwarded` (RFC 7239) names only this machine. */
function isLoopbackElement(element: string): boolean {
  return element.split(';').every((pair) => {
    const [name = '', ...rest] = pair.split('=');
    const value = unquoted(rest.join('=').trim());
    switch (name.trim().toLowerCase()) {
      case 'proto':
      case 'by':
        return true;
      case 'for':
        return isLoopbackNode(value);
      case 'host':
        return isLoopbackHost(value);
      default:
        return false;
    }
  });
}

/** Returns the content of a quoted string without escapes, or the text itself. */
function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function listOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return [header].flat().flatMap((line) => line.split(',').map((part) => part.trim()));
}
