import type { LoginLimits } from '#src/access/context.js';
import { foldEmail } from '#src/lib/fold.js';
import { networkOf } from '#src/lib/network.js';
import type { Throttle } from '#src/throttling/throttling.js';

/**
 * Limits wrong passwords for one account.
 *
 * @param account username, email address or viewer as the client gave it, whether known or not: a
 *   count shared by the username and email address of a user would reveal that they belong together.
 *   Spellings that would find the same user share a count.
 */
export function accountThrottle(account: string, { perAccount }: LoginLimits): Throttle {
  return { key: `password:${foldEmail(account)}`, free: perAccount, onSuccess: 'forget' };
}

/**
 * Limits wrong passwords from a client that is known to belong to the account: by one of its
 * sessions, or as a device that has signed in before. Strangers cannot use up this limit.
 */
export function knownClientThrottle(
  { kind, id }: { kind: 'session' | 'device'; id: number },
  { perAccount }: LoginLimits,
): Throttle {
  return { key: `password:${kind}:${id}`, free: perAccount, onSuccess: 'forget' };
}

/** Limits wrong passwords for all accounts from one network (see `networkOf`). */
export function ipAddressThrottle(address: string | null, { perAddress }: LoginLimits): Throttle {
  const network = address === null ? '' : networkOf(address);
  return { key: `password:address:${network}`, free: perAddress, onSuccess: 'take_back' };
}
