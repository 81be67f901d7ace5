import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** A secret of 256 random bits, as 43 characters that may stand in a URL, and its hash. */
export function mintSecret(): { secret: string; hash: Buffer } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, hash: hashSecret(secret) };
}

/**
 * The SHA-256 under which such a secret is stored. It has so many random bits that nobody guesses
 * it from a fast hash.
 */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
