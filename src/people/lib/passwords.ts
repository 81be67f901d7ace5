import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/**
 * Memory in KiB, passes and lanes: the first choice of OWASP for argon2id.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** How every hash begins that is made with these parameters (PHC string format, argon2 1.3). */
const BEGINNING =
  `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},` +
  `p=${PARAMETERS.parallelism}$`;

/** A salted argon2id hash in PHC form. Takes tens of milliseconds, off the main thread. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

let dummy: Promise<string> | undefined;

/** A hash that nobody's password belongs to, made once. */
export function dummyHash(): Promise<string> {
  dummy ??= hashPassword(randomBytes(16).toString('hex'));
  return dummy;
}

/**
 * Whether the password belongs to the hash. Without a hash the answer is false, after the same
 * work: how long it takes must not tell whether there is such an account.
 */
export async function verifyPassword(password: string, known: string | null): Promise<boolean> {
  const matches = await verify(known ?? (await dummyHash()), password);
  return matches && known !== null;
}

/** Whether the hash was made with another algorithm or other parameters than today's. */
export function needsRehash(known: string): boolean {
  return !known.startsWith(BEGINNING);
}

/** A random password that satisfies the policy: 20 characters, 96 random bits. */
export function generatePassword(): string {
  return `${randomBytes(12).toString('base64url')}-Aa1`;
}
