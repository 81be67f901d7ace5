import { randomBytes } from 'node:crypto';
import { lazy } from '#src/lib/lazy.js';
import { PASSWORD_COST, type PasswordCost } from '#src/lib/password-cost.js';

const argon2 = lazy(() => import('@node-rs/argon2'));

/** How every hash begins that is made at this cost (PHC string format, argon2 1.3). */
function beginning({ memoryCost, timeCost, parallelism }: PasswordCost): string {
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`;
}

/** A salted argon2id hash in PHC form. Takes tens of milliseconds, off the main thread. */
export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<string> {
  const { hash } = await argon2();
  return hash(password, cost);
}

const dummies = new Map<string, Promise<string>>();

/** A hash that nobody's password belongs to, made once. */
export function dummyHash(cost = PASSWORD_COST): Promise<string> {
  const key = beginning(cost);
  const dummy = dummies.get(key) ?? hashPassword(randomBytes(16).toString('hex'), cost);
  dummies.set(key, dummy);
  return dummy;
}

/**
 * Whether the password matches the hash. Without a hash, does the same work and returns false, so
 * that timing does not reveal whether the account exists.
 */
export async function verifyPassword(
  password: string,
  known: string | null,
  cost = PASSWORD_COST,
): Promise<boolean> {
  const { verify } = await argon2();
  const matches = await verify(known ?? (await dummyHash(cost)), password);
  return matches && known !== null;
}

/** Whether the hash was made with another algorithm or at another cost than today's. */
export function needsRehash(known: string, cost = PASSWORD_COST): boolean {
  return !known.startsWith(beginning(cost));
}

/**
 * Returns a random password that satisfies the policy: 20 characters, 96 random bits. It begins with
 * a letter, so that no command reads it as an option.
 */
export function generatePassword(): string {
  return `Aa1-${randomBytes(12).toString('base64url')}`;
}
