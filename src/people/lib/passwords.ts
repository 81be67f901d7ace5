import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/**
 * Memory in KiB, iterations and parallelism: OWASP's first recommendation for argon2id.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Prefix of hashes with these parameters (PHC string format, argon2 1.3). */
const BEGINNING =
  `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},` +
  `p=${PARAMETERS.parallelism}$`;

/**
 * Returns a salted argon2id hash in PHC format. Takes tens of milliseconds, off the main thread.
 */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

let dummy: Promise<string> | undefined;

/** Returns a hash of a random password, created once. */
export function dummyHash(): Promise<string> {
  dummy ??= hashPassword(randomBytes(16).toString('hex'));
  return dummy;
}

/**
 * Whether the password matches the hash. Without a hash, does the same work and returns false, so
 * that timing does not reveal whether the account exists.
 */
export async function verifyPassword(password: string, known: string | null): Promise<boolean> {
  const matches = await verify(known ?? (await dummyHash()), password);
  return matches && known !== null;
}

/** Whether the hash was created with a different algorithm or parameters. */
export function needsRehash(known: string): boolean {
  return !known.startsWith(BEGINNING);
}

/** Returns a random password that satisfies the policy: 20 characters, 96 random bits. */
export function generatePassword(): string {
  return `${randomBytes(12).toString('base64url')}-Aa1`;
}
