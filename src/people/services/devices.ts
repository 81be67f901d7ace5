import type { Context } from '#src/access/context.js';
import { hashSecret, mintSecret } from '#src/lib/random-secrets.js';
import * as store from '#src/people/stores/devices.js';

/** Seconds after the last sign-in during which a device is known: 365 days. */
export const DEVICE_SECONDS = 365 * 24 * 3600;

/** The maximum number of known devices per user. */
export const MAX_DEVICES = 20;

/** Returns the last sign-in of devices that are now forgotten; all earlier ones are, too. */
export function lastUseOfForgotten(now: Date): Date {
  return new Date(now.getTime() - DEVICE_SECONDS * 1000);
}

/**
 * Returns the id of the user's device with this secret, or null if the user has no such device.
 *
 * @param userId null for an unknown user, who has no devices; the work is the same
 */
export function findDevice(
  { db, now }: Pick<Context, 'db' | 'now'>,
  userId: number | null,
  secret: string,
): Promise<number | null> {
  const usedAfter = lastUseOfForgotten(now);
  return store.findDevice(db, userId ?? 0, { secretHash: hashSecret(secret), usedAfter });
}

/**
 * Forgets all devices of a user whose password has changed, except that of the client: an intruder
 * must not keep a limit of their own on wrong passwords.
 *
 * @param secret the secret that the client has presented, if any
 */
export async function forgetOtherDevices(
  trx: Context,
  userId: number,
  secret: string | null,
): Promise<void> {
  const except = secret === null ? null : await findDevice(trx, userId, secret);
  await store.deleteDevicesOf(trx.db, userId, { except });
}

/**
 * Makes the device that signs in a known one of the user. The device of another user gets a secret
 * of its own: otherwise somebody could plant theirs, and try passwords as the user's device.
 *
 * @param secret the secret that the device has presented, if any
 * @returns the secret that it is to present next time
 */
export async function rememberDevice(
  trx: Context,
  userId: number,
  secret: string | null,
): Promise<string> {
  const { db, now } = trx;
  const known = secret === null ? null : await findDevice(trx, userId, secret);
  if (secret !== null && known !== null) {
    await store.recordDeviceUse(db, known, now);
    return secret;
  }
  const minted = mintSecret();
  const newest = await store.insertDevice(db, userId, minted.hash, now);
  await store.deleteSurplusDevices(db, userId, { newest, most: MAX_DEVICES });
  return minted.secret;
}
