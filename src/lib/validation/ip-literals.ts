import { pythonRepr } from './python-repr.js';

const GROUPS = 8;

/** Returns why a text is not an IPv4 address, with the wording of Python's `ipaddress`, or null. */
export function ipv4Fault(text: string): string | null {
  if (text.includes('/')) return `Unexpected '/' in ${pythonRepr(text)}`;
  if (text === '') return 'Address cannot be empty';
  const octets = text.split('.');
  if (octets.length !== 4) return `Expected 4 octets in ${pythonRepr(text)}`;
  for (const octet of octets) {
    const fault = octetFault(octet);
    if (fault !== null) return `${fault} in ${pythonRepr(text)}`;
  }
  return null;
}

function octetFault(octet: string): string | null {
  if (octet === '') return 'Empty octet not permitted';
  if (!/^[0-9]+$/.test(octet)) return `Only decimal digits permitted in ${pythonRepr(octet)}`;
  if (octet.length > 3) return `At most 3 characters permitted in ${pythonRepr(octet)}`;
  if (octet !== '0' && octet.startsWith('0')) {
    return `Leading zeros are not permitted in ${pythonRepr(octet)}`;
  }
  return Number(octet) > 255 ? `Octet ${octet} (> 255) not permitted` : null;
}

/**
 * Returns why a text is not an IPv6 address, with the wording of Python's `ipaddress`, or null. A
 * zone, as in `fe80::1%eth0`, is not checked.
 */
export function ipv6Fault(text: string): string | null {
  if (text.includes('/')) return `Unexpected '/' in ${pythonRepr(text)}`;
  const [address = '', zone, ...more] = text.split('%');
  if (zone === '' || more.length > 0) return `Invalid IPv6 address: "${pythonRepr(text)}"`;
  if (address === '') return 'Address cannot be empty';
  const shown = pythonRepr(address);
  const groups = address.split(':');
  if (groups.length < 3) return `At least 3 parts expected in ${shown}`;
  const suffix = groups.at(-1) ?? '';
  if (suffix.includes('.')) {
    const fault = ipv4Fault(suffix);
    if (fault !== null) return `${fault} in ${shown}`;
    groups.splice(-1, 1, '0', '0');
  }
  if (groups.length > GROUPS + 1) return `At most ${GROUPS} colons permitted in ${shown}`;
  const gaps = groups.flatMap((group, index) =>
    group === '' && index > 0 && index < groups.length - 1 ? [index] : [],
  );
  const [gap, secondGap] = gaps;
  if (secondGap !== undefined) return `At most one '::' permitted in ${shown}`;
  const startsEmpty = groups[0] === '';
  const endsEmpty = groups.at(-1) === '';
  const leading = `Leading ':' only permitted as part of '::' in ${shown}`;
  const trailing = `Trailing ':' only permitted as part of '::' in ${shown}`;
  if (gap === undefined) {
    if (groups.length !== GROUPS)
      return `Exactly ${GROUPS} parts expected without '::' in ${shown}`;
    if (startsEmpty) return leading;
    if (endsEmpty) return trailing;
  } else {
    if (startsEmpty && gap > 1) return leading;
    if (endsEmpty && gap < groups.length - 2) return trailing;
    const given = groups.filter((group) => group !== '').length;
    if (given > GROUPS - 1) {
      return `Expected at most ${GROUPS - 1} other parts with '::' in ${shown}`;
    }
  }
  for (const group of groups) {
    const fault = groupFault(group);
    if (fault !== null) return `${fault} in ${shown}`;
  }
  return null;
}

function groupFault(group: string): string | null {
  if (!/^[0-9a-f]*$/i.test(group)) return `Only hex digits permitted in ${pythonRepr(group)}`;
  return group.length > 4 ? `At most 4 characters permitted in ${pythonRepr(group)}` : null;
}
