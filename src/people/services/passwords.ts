import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Context } from '#src/access/context.js';
import { ApiError } from '#src/errors.js';
import type { PasswordCost } from '#src/lib/password-cost.js';
import { REDACTED } from '#src/lib/redact.js';
import type { ErrorItem } from '#src/lib/validation/index.js';
import { type PasswordOwner, passwordViolations } from '#src/people/lib/password-policy.js';
import * as passwords from '#src/people/lib/passwords.js';
import { replacePasswordHash } from '#src/people/stores/accounts.js';

/**
 * Maximum number of concurrent hashes. Argon2 runs in libuv's pool of four threads, which also
 * serves files and DNS lookups: half of it stays free for those, and one core for everything else.
 * Two at a time still compute about fifty hashes a second.
 *
 * @see https://docs.libuv.org/en/v1.x/threadpool.html
 */
const CONCURRENCY = Math.min(2, Math.max(1, availableParallelism() - 1));

/**
 * Maximum number of waiting hashes; beyond it, calls fail at once instead of waiting for seconds.
 */
export const MAX_WAITING = 64;

const limit = pLimit(CONCURRENCY);

async function limited<T>(work: () => Promise<T>): Promise<T> {
  if (limit.pendingCount >= MAX_WAITING) throw new ApiError('too_busy');
  return limit(work);
}

/**
 * Returns an error item for each rule that a new password of this user breaks. Validation has
 * checked all rules that its schema can express; those that depend on the user are left.
 *
 * @param field name of the body field that contains the password
 */
export function passwordItems(password: string, owner: PasswordOwner, field: string): ErrorItem[] {
  return passwordViolations(password, owner).map((violation) => ({
    ...violation,
    loc: ['body', field],
    input: REDACTED,
  }));
}

/**
 * Returns a salted hash of the password, for storage.
 *
 * @throws ApiError too_busy if too many hashes are waiting
 */
export function hashPassword(password: string, cost?: PasswordCost): Promise<string> {
  return limited(() => passwords.hashPassword(password, cost));
}

/**
 * Whether the password matches the hash. Without a hash, returns false after the same work as for a
 * hash with current parameters.
 *
 * @throws ApiError too_busy if too many hashes are waiting; the password was then not checked
 */
export function verifyPassword(
  password: string,
  known: string | null,
  cost?: PasswordCost,
): Promise<boolean> {
  return limited(() => passwords.verifyPassword(password, known, cost));
}

/** Computes the dummy hash in advance, so that the first login of an unknown user is not slower. */
export async function preparePasswords(cost?: PasswordCost): Promise<void> {
  await passwords.dummyHash(cost);
}

/**
 * Rehashes a password that has just been verified, if its hash was made with older parameters. A
 * password that was changed meanwhile stays.
 *
 * Never throws: the old hash remains valid, and the next login tries again.
 *
 * @returns the stored hash
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
