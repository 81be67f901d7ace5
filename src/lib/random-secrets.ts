import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Returns a secret of 256 random bits, as 43 URL-safe characters, and its hash. */
export function mintSecret(): { secret: string; hash: Buffer } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, hash: hashSecret(secret) };
}

/**
 * Returns the SHA-256 that a secret is stored as. A fast hash suffices, because 256 random bits
 * cannot be guessed.
 */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
