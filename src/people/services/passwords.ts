import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Context } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import type { PasswordCost } from '#src/lib/password-cost.js';
import * as passwords from '#src/people/lib/passwords.js';
import { replacePasswordHash } from '#src/people/stores/accounts.js';

/**
 * Argon2 runs in the pool of libuv, which has four threads and also serves files and host names:
 * half of it stays theirs, and one core stays with everybody else. Two at a time are still some
 * fifty passwords a second.
 *
 * @see https://docs.libuv.org/en/v1.x/threadpool.html
 */
const CONCURRENCY = Math.min(2, Math.max(1, availableParallelism() - 1));

/** Who comes later would wait for seconds, and had better be told so at once. */
export const MAX_WAITING = 64;

const limit = pLimit(CONCURRENCY);

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (limit.pendingCount >= MAX_WAITING) throw new ApiError('too_busy');
  return limit(work);
}

/**
 * A salted hash of the password, to be stored.
 *
 * @throws ApiError too_busy if too many are waiting already
 */
export function hashPassword(password: string, cost?: PasswordCost): Promise<string> {
  return inTurn(() => passwords.hashPassword(password, cost));
}

/**
 * Whether the password belongs to the hash. Without a hash the answer is false, after the same
 * work as for a hash of today's parameters.
 *
 * @throws ApiError too_busy if too many are waiting already; the password was not looked at then
 */
export function verifyPassword(
  password: string,
  known: string | null,
  cost?: PasswordCost,
): Promise<boolean> {
  return inTurn(() => passwords.verifyPassword(password, known, cost));
}

/** Does beforehand what would make the first login of an unknown user slower than others. */
export async function preparePasswords(cost?: PasswordCost): Promise<void> {
  await passwords.dummyHash(cost);
}

/**
 * Stores the password that has just proved right under a new hash, if the one it was checked
 * against was made with older parameters. A password that was changed meanwhile stays.
 *
 * Never fails: the old hash is as good as it was, and the next login tries again.
 *
 * @returns the hash that is stored now
 */
export async function renewHash(
  { db, report, passwordCost }: Pick<Context, 'db' | 'report' | 'passwordCost'>,
  { id, password_hash: old }: { id: number; password_hash: string },
  password: string,
): Promise<string> {
  if (!passwords.needsRehash(old, passwordCost)) return old;
  try {
    const renewed = await hashPassword(password, passwordCost);
    return (await replacePasswordHash(db, id, { old, renewed })) ? renewed : old;
  } catch (error) {
    report(error, 'could not upgrade a password hash');
    return old;
  }
}
